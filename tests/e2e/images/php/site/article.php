<?php
require __DIR__ . '/autoload.php';
header('Content-Type: text/plain');
echo (new Article($_GET['name']))->title(), "\n";
