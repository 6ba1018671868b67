-- People, folded from their lines, and what lies outside the chain by reference, so that it can be erased.

-- Changes: persons.
create table persons (
    person_id bytea primary key check (octet_length(person_id) = 16),
    address_id bytea not null check (octet_length(address_id) = 16),
    proven_at bigint,
    name_id bytea not null check (octet_length(name_id) = 16),
    created_at bigint not null,
    erased_at bigint
);
create unique index persons_address on persons (address_id) where erased_at is null;

-- Changes: sessions.
create table sessions (
    session_id bytea primary key check (octet_length(session_id) = 16),
    person_id bytea not null check (octet_length(person_id) = 16),
    begun_by text not null check (begun_by in ('password', 'link', 'host', 'demo')),
    created_at bigint not null,
    expires_at bigint not null,
    ended_at bigint
);
create index sessions_person on sessions (person_id);

-- Changes: credentials.
create table credentials (
    credential_id bytea primary key check (octet_length(credential_id) = 16),
    person_id bytea not null check (octet_length(person_id) = 16),
    created_at bigint not null,
    ended_at bigint
);
create index credentials_person on credentials (person_id);

-- Outside the chain: the ids that products' hosts use for people.
create table person_external_ids (
    product_id bytea not null references products (product_id),
    external_id text collate "C" not null,
    person_id bytea not null check (octet_length(person_id) = 16),
    primary key (product_id, external_id)
);
create index person_external_ids_person on person_external_ids (person_id);

-- Outside the chain: mail addresses. `comparable` decides whether two are the same, `display` is written to.
create table addresses (
    address_id bytea primary key check (octet_length(address_id) = 16),
    comparable text collate "C" not null unique,
    display text not null
);

-- Outside the chain: personal texts.
create table texts (
    text_id bytea primary key check (octet_length(text_id) = 16),
    text text not null
);

-- Outside the chain: hashes of passwords, in PHC form.
create table password_hashes (
    credential_id bytea primary key check (octet_length(credential_id) = 16),
    phc text not null
);

-- Outside the chain: one-way hashes of secrets; a used one is deleted.
create table secrets (
    hash bytea primary key check (octet_length(hash) = 32),
    kind text not null check (kind in ('invitation', 'session', 'sign_in_link', 'host_key', 'host_code')),
    line bytea not null check (octet_length(line) = 16),
    object bytea not null check (octet_length(object) = 16),
    generation bigint not null,
    expires_at bigint not null,
    bound_to text
);
create index secrets_object on secrets (object, kind);
