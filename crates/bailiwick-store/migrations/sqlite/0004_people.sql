-- People, folded from their lines, and what lies outside the chain by reference, so that it can be erased.

-- Changes: persons.
create table persons (
    person_id BLOB primary key check (length(person_id) = 16),
    address_id BLOB not null check (length(address_id) = 16),
    proven_at INTEGER,
    name_id BLOB not null check (length(name_id) = 16),
    created_at INTEGER not null,
    erased_at INTEGER
) strict, without rowid;
create unique index persons_address on persons (address_id) where erased_at is null;

-- Changes: sessions.
create table sessions (
    session_id BLOB primary key check (length(session_id) = 16),
    person_id BLOB not null check (length(person_id) = 16),
    begun_by TEXT not null check (begun_by in ('password', 'link', 'host', 'demo')),
    created_at INTEGER not null,
    expires_at INTEGER not null,
    ended_at INTEGER
) strict, without rowid;
create index sessions_person on sessions (person_id);

-- Changes: credentials.
create table credentials (
    credential_id BLOB primary key check (length(credential_id) = 16),
    person_id BLOB not null check (length(person_id) = 16),
    created_at INTEGER not null,
    ended_at INTEGER
) strict, without rowid;
create index credentials_person on credentials (person_id);

-- Outside the chain: the ids that products' hosts use for people.
create table person_external_ids (
    product_id BLOB not null references products (product_id),
    external_id TEXT not null,
    person_id BLOB not null check (length(person_id) = 16),
    primary key (product_id, external_id)
) strict, without rowid;
create index person_external_ids_person on person_external_ids (person_id);

-- Outside the chain: mail addresses. `comparable` decides whether two are the same, `display` is written to.
create table addresses (
    address_id BLOB primary key check (length(address_id) = 16),
    comparable TEXT not null unique,
    display TEXT not null
) strict, without rowid;

-- Outside the chain: personal texts.
create table texts (
    text_id BLOB primary key check (length(text_id) = 16),
    text TEXT not null
) strict, without rowid;

-- Outside the chain: hashes of passwords, in PHC form.
create table password_hashes (
    credential_id BLOB primary key check (length(credential_id) = 16),
    phc TEXT not null
) strict, without rowid;

-- Outside the chain: one-way hashes of secrets; a used one is deleted.
create table secrets (
    hash BLOB primary key check (length(hash) = 32),
    kind TEXT not null check (kind in ('invitation', 'session', 'sign_in_link', 'host_key', 'host_code')),
    line BLOB not null check (length(line) = 16),
    object BLOB not null check (length(object) = 16),
    generation INTEGER not null,
    expires_at INTEGER not null,
    bound_to TEXT
) strict, without rowid;
create index secrets_object on secrets (object, kind);
