-- The installation's line, folded: what is registered.

-- Changes: products.
create table products (
    product_id bytea primary key check (octet_length(product_id) = 16),
    name text collate "C" not null unique,
    brand text not null,
    return_to text not null check (cast(return_to as json) is not null)
);

-- Changes: access models, each version for ever, named by the hash of its text.
create table models (
    version text collate "C" primary key check (length(version) = 64),
    name text not null,
    text text not null,
    created_at bigint not null
);

-- Changes: hosts' keys. Their secrets are in `secrets`, as hashes.
create table keys (
    key_id bytea primary key check (octet_length(key_id) = 16),
    product_id bytea not null references products (product_id),
    name text not null,
    scopes text not null check (cast(scopes as json) is not null),
    created_at bigint not null,
    expires_at bigint not null,
    revoked_at bigint
);
