CREATE TABLE product (name VARCHAR(40), price DECIMAL(8, 2));
INSERT INTO product VALUES ('copper kettle', 30), ('wool blanket', 20);
CREATE USER 'shop'@'%' IDENTIFIED BY '';
GRANT ALL ON shop.* TO 'shop'@'%';
CREATE FUNCTION total() RETURNS DECIMAL(8, 2) READS SQL DATA RETURN (SELECT SUM(price) FROM product);
