<?php
echo "supervisor: hello from ", PHP_SAPI, "\n";
