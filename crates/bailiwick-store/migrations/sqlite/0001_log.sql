-- The log: lines, changes, events. Times are microseconds, ids sixteen bytes, JSON is text.

-- Changes: the one counter of the feed. Taken last in a transaction, so that its order is the order of commits.
create table feed (
    id INTEGER primary key check (id = 1),
    position INTEGER not null check (position >= 0)
) strict;
insert into feed (id, position) values (1, 0);

-- Changes: where each line stands; `head` is the last link of its chain.
create table lines (
    line_id BLOB primary key check (length(line_id) = 16),
    kind TEXT not null check (kind in ('person', 'workspace', 'installation')),
    product_id BLOB check (product_id is null or length(product_id) = 16),
    revision INTEGER not null check (revision >= 1),
    last_at INTEGER not null,
    head BLOB not null check (length(head) = 32)
) strict, without rowid;

-- Changes: one row a change of one line. Never updated, never deleted.
create table changes (
    line_id BLOB not null check (length(line_id) = 16),
    revision INTEGER not null check (revision >= 1),
    position INTEGER not null unique,
    command_id BLOB not null check (length(command_id) = 16),
    at INTEGER not null,
    actor TEXT not null,
    origin_id BLOB check (origin_id is null or length(origin_id) = 16),
    primary key (line_id, revision)
) strict, without rowid;
-- One command changes a line once; by command first, for the look-up of a repeat.
create unique index changes_command on changes (command_id, line_id);

-- Changes: what happened. `payload` is JSON, and exactly these bytes are under `mac`. Never updated, never deleted.
create table events (
    line_id BLOB not null check (length(line_id) = 16),
    revision INTEGER not null,
    seq INTEGER not null check (seq >= 0),
    at INTEGER not null,
    kind TEXT not null,
    version INTEGER not null,
    model TEXT not null,
    payload TEXT not null,
    key_id INTEGER not null,
    mac BLOB not null check (length(mac) = 32),
    primary key (line_id, revision, seq)
) strict, without rowid;

create trigger changes_stay before update on changes begin
    select raise(abort, 'the log is never changed');
end;
create trigger changes_remain before delete on changes begin
    select raise(abort, 'the log is never changed');
end;
create trigger events_stay before update on events begin
    select raise(abort, 'the log is never changed');
end;
create trigger events_remain before delete on events begin
    select raise(abort, 'the log is never changed');
end;

-- Outside the chain, by reference, so that it can be erased: where a change came from.
create table origins (
    origin_id BLOB primary key check (length(origin_id) = 16),
    ip TEXT not null,
    agent TEXT not null
) strict, without rowid;
