-- What nodes tell each other through the database.

-- Nodes: one row a registration; all up to `applied` is published in its process. No times: leases are measured by the
-- nodes' own clocks. `node` is only a label. A row is updated every second or so, hence the room on its page.
create table nodes (
    incarnation bytea primary key check (octet_length(incarnation) = 16),
    node text not null,
    applied bigint not null check (applied >= 0)
) with (fillfactor = 25);

-- Nodes: the database and the timeline whose earlier leases have been waited out.
alter table feed add column settled_system bigint;
alter table feed add column settled_timeline bigint;
