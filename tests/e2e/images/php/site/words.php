<?php
$words = ["zebra", "\u{e5}ngest", "apa"];
(new Collator('sv_SE'))->sort($words);
echo implode(' ', $words), "\n";
echo (new NumberFormatter('de_DE', NumberFormatter::DECIMAL))->format(1234.5), "\n";
echo bin2hex(mb_convert_encoding("\u{30b7}", 'SJIS', 'UTF-8')), "\n";
echo bin2hex(iconv('UTF-8', 'EUC-JP', "\u{30b7}")), "\n";
