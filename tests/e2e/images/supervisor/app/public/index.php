<?php
$name = trim(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/') ?: 'home';
$file = __DIR__ . '/../pages/' . basename($name) . '.php';
if (!is_file($file)) {
    http_response_code(404);
    echo "supervisor: no page $name\n";
    exit;
}
require $file;
