<?php
spl_autoload_register(function (string $class): void {
    require __DIR__ . '/' . strtolower($class) . '.class.php';
});
