<?php
echo "php: no page ", htmlspecialchars($_SERVER['REDIRECT_URL']), "\n";
