-- SPDX-License-Identifier: Apache-2.0
ALTER USER postgres PASSWORD 'postgres';
CREATE USER shop PASSWORD 'shop';
CREATE DATABASE shop OWNER shop;
\connect shop
SET ROLE shop;
CREATE TABLE customers (id serial PRIMARY KEY, name text, card text);
CREATE TABLE items (id serial PRIMARY KEY, name text, stock int, price int);
CREATE TABLE orders (id serial PRIMARY KEY, customer int, item int, n int, at timestamptz DEFAULT now());
CREATE INDEX ON orders (customer);
INSERT INTO customers (name, card) SELECT 'customer ' || i, md5(i::text) FROM generate_series(1, 5000) i;
INSERT INTO items (name, stock, price) SELECT 'item ' || i, 100000, i % 97 FROM generate_series(1, 500) i;
INSERT INTO orders (customer, item, n) SELECT i % 5000 + 1, i % 500 + 1, i % 7 FROM generate_series(1, 20000) i;
