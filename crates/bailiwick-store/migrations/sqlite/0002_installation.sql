-- The installation's line, folded: what is registered.

-- Changes: products.
create table products (
    product_id BLOB primary key check (length(product_id) = 16),
    name TEXT not null unique,
    brand TEXT not null,
    return_to TEXT not null check (json_valid(return_to))
) strict, without rowid;

-- Changes: access models, each version for ever, named by the hash of its text.
create table models (
    version TEXT primary key check (length(version) = 64),
    name TEXT not null,
    text TEXT not null,
    created_at INTEGER not null
) strict;

-- Changes: hosts' keys. Their secrets are in `secrets`, as hashes.
create table keys (
    key_id BLOB primary key check (length(key_id) = 16),
    product_id BLOB not null references products (product_id),
    name TEXT not null,
    scopes TEXT not null check (json_valid(scopes)),
    created_at INTEGER not null,
    expires_at INTEGER not null,
    revoked_at INTEGER
) strict, without rowid;
