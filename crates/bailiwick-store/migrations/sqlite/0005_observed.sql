-- The outbox, and observations: counted and aggregated, outside chain, revision and feed.

-- Both: a mail is written in the transaction of the change that causes it; how its sending went is observed.
create table mails (
    mail_id BLOB primary key check (length(mail_id) = 16),
    address_id BLOB not null check (length(address_id) = 16),
    person_id BLOB check (person_id is null or length(person_id) = 16),
    workspace_id BLOB check (workspace_id is null or length(workspace_id) = 16),
    object BLOB check (object is null or length(object) = 16),
    message TEXT not null,
    nonce BLOB check (nonce is null or length(nonce) = 32),
    created_at INTEGER not null,
    state TEXT not null check (state in ('waiting', 'sent', 'undelivered', 'void')),
    attempts INTEGER not null,
    next_at INTEGER not null,
    last_error TEXT,
    ended_at INTEGER
) strict, without rowid;
create index mails_created on mails (created_at);
create index mails_address on mails (address_id, created_at);
create index mails_person on mails (person_id, created_at) where person_id is not null;
create index mails_workspace on mails (workspace_id, created_at) where workspace_id is not null;
create index mails_object on mails (object) where state = 'waiting' and object is not null;
create index mails_waiting on mails (next_at) where state = 'waiting';

-- Observations: when people last entered a workspace by signing in.
create table entered (
    workspace_id BLOB not null check (length(workspace_id) = 16),
    person_id BLOB not null check (length(person_id) = 16),
    at INTEGER not null,
    primary key (workspace_id, person_id)
) strict, without rowid;

-- Observations: when a session was last used, to the minute.
create table session_use (
    session_id BLOB primary key check (length(session_id) = 16),
    at INTEGER not null
) strict, without rowid;

-- Observations: when a key was last used, to the minute.
create table key_use (
    key_id BLOB primary key check (length(key_id) = 16),
    at INTEGER not null
) strict, without rowid;

-- Observations: tries within a window, under a name.
create table tries (
    name TEXT primary key,
    began_at INTEGER not null,
    tries INTEGER not null
) strict, without rowid;
create index tries_began on tries (began_at);
