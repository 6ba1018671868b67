-- A session that a host vouched for is good in the workspaces of its product alone.

-- Changes: sessions. `product_id` is whose host it was; null where a person signed in here.
alter table sessions add column product_id bytea check (octet_length(product_id) = 16);
