<?php
$document = new DOMDocument();
$document->loadXML('<shop><item>kettle</item></shop>');
echo $document->getElementsByTagName('item')[0]->textContent, ' ',
    simplexml_import_dom($document)->item, ' ', mb_strtoupper("\u{e5}"), "\n";
