CREATE TABLE product (name text PRIMARY KEY, price numeric NOT NULL);
INSERT INTO product VALUES ('copper kettle', 40), ('wool blanket', 60);
CREATE FUNCTION total() RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT sum(price) FROM product);
END
$$;
