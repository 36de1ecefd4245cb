<?php
$database = new PDO('sqlite::memory:');
$database->exec("create table product (name text); insert into product values ('kettle')");
echo $database->query('select upper(name) from product')->fetchColumn(), "\n";
