<?php
$moment = new DateTime('2024-07-01 12:00', new DateTimeZone('UTC'));
echo $moment->setTimezone(new DateTimeZone($_GET['zone']))->format('H:i T'), "\n";
