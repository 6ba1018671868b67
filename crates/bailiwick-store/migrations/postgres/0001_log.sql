-- The log: lines, changes, events. Times are microseconds, ids sixteen bytes, JSON is text.

-- Texts that are looked up or sorted by have the collation "C": an order that no upgrade of the system's locales moves
-- from under an index, and the one that SQLite has.

-- Changes: the one counter of the feed. Taken last in a transaction, so that its order is the order of commits. Its one
-- row is written by every change, hence the room on its page.
create table feed (
    id bigint primary key check (id = 1),
    position bigint not null check (position >= 0)
) with (fillfactor = 10);
insert into feed (id, position) values (1, 0);

-- Changes: where each line stands; `head` is the last link of its chain.
create table lines (
    line_id bytea primary key check (octet_length(line_id) = 16),
    kind text collate "C" not null check (kind in ('person', 'workspace', 'installation')),
    product_id bytea check (product_id is null or octet_length(product_id) = 16),
    revision bigint not null check (revision >= 1),
    last_at bigint not null,
    head bytea not null check (octet_length(head) = 32)
);

-- Changes: one row a change of one line. Never updated, never deleted.
create table changes (
    line_id bytea not null check (octet_length(line_id) = 16),
    revision bigint not null check (revision >= 1),
    position bigint not null unique,
    command_id bytea not null check (octet_length(command_id) = 16),
    at bigint not null,
    actor text not null,
    origin_id bytea check (origin_id is null or octet_length(origin_id) = 16),
    primary key (line_id, revision)
);
-- One command changes a line once; by command first, for the look-up of a repeat.
create unique index changes_command on changes (command_id, line_id);

-- Changes: what happened. `payload` is JSON, and exactly these bytes are under `mac`. Never updated, never deleted.
create table events (
    line_id bytea not null check (octet_length(line_id) = 16),
    revision bigint not null,
    seq bigint not null check (seq >= 0),
    at bigint not null,
    kind text not null,
    version bigint not null,
    model text not null,
    payload text not null,
    key_id bigint not null,
    mac bytea not null check (octet_length(mac) = 32),
    primary key (line_id, revision, seq)
);

create function log_stays() returns trigger language plpgsql as $$
begin
    raise exception 'the log is never changed';
end;
$$;
create trigger changes_stay before update or delete or truncate on changes
    for each statement execute function log_stays();
create trigger events_stay before update or delete or truncate on events
    for each statement execute function log_stays();

-- Outside the chain, by reference, so that it can be erased: where a change came from.
create table origins (
    origin_id bytea primary key check (octet_length(origin_id) = 16),
    ip text not null,
    agent text not null
);
