<?php
require __DIR__ . '/autoload.php';
header('Content-Type: text/plain');
echo "php: hello from the shop\n";
