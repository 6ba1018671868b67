-- The outbox, and observations: counted and aggregated, outside chain, revision and feed.

-- Both: a mail is written in the transaction of the change that causes it; how its sending went is observed.
create table mails (
    mail_id bytea primary key check (octet_length(mail_id) = 16),
    address_id bytea not null check (octet_length(address_id) = 16),
    person_id bytea check (person_id is null or octet_length(person_id) = 16),
    workspace_id bytea check (workspace_id is null or octet_length(workspace_id) = 16),
    object bytea check (object is null or octet_length(object) = 16),
    message text not null,
    nonce bytea check (nonce is null or octet_length(nonce) = 32),
    created_at bigint not null,
    state text not null check (state in ('waiting', 'sent', 'undelivered', 'void')),
    attempts bigint not null,
    next_at bigint not null,
    last_error text,
    ended_at bigint
);
create index mails_created on mails (created_at);
create index mails_address on mails (address_id, created_at);
create index mails_person on mails (person_id, created_at) where person_id is not null;
create index mails_workspace on mails (workspace_id, created_at) where workspace_id is not null;
create index mails_object on mails (object) where state = 'waiting' and object is not null;
create index mails_waiting on mails (next_at) where state = 'waiting';

-- Observations: when people last entered a workspace by signing in.
create table entered (
    workspace_id bytea not null check (octet_length(workspace_id) = 16),
    person_id bytea not null check (octet_length(person_id) = 16),
    at bigint not null,
    primary key (workspace_id, person_id)
);

-- Observations: when a session was last used, to the minute.
create table session_use (
    session_id bytea primary key check (octet_length(session_id) = 16),
    at bigint not null
);

-- Observations: when a key was last used, to the minute.
create table key_use (
    key_id bytea primary key check (octet_length(key_id) = 16),
    at bigint not null
);

-- Observations: tries within a window, under a name.
create table tries (
    name text collate "C" primary key,
    began_at bigint not null,
    tries bigint not null
);
create index tries_began on tries (began_at);
