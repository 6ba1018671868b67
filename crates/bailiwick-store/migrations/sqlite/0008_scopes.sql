-- Where a model has a row for each resource, a person has a row in each scope.

-- Changes: members, anew, for their unique places count by scope. `scope` is the resource that a row is on where the model
-- has a row for each, else zeros. Levels wait beside, for they name their member.
create table grants_kept as select * from grants;
create table members_kept as select * from members;
delete from grants;
drop table members;
create table members (
    workspace_id BLOB not null references workspaces (workspace_id),
    member_id BLOB not null check (length(member_id) = 16),
    product_id BLOB not null,
    person_id BLOB not null check (length(person_id) = 16),
    address_id BLOB not null check (length(address_id) = 16),
    role TEXT not null,
    template_id BLOB,
    direct TEXT not null check (json_valid(direct)),
    toggles TEXT not null check (json_valid(toggles)),
    all_level TEXT,
    until INTEGER,
    suspended_at INTEGER,
    joined_at INTEGER not null,
    invited_by TEXT,
    toggles_before TEXT not null check (json_valid(toggles_before)),
    role_since INTEGER not null,
    version INTEGER not null,
    sole INTEGER not null check (sole in (0, 1)),
    scope BLOB not null check (length(scope) = 16),
    primary key (workspace_id, member_id),
    unique (workspace_id, person_id, scope),
    unique (workspace_id, address_id, scope)
) strict, without rowid;
insert into members (workspace_id, member_id, product_id, person_id, address_id, role, template_id, direct, toggles,
        all_level, until, suspended_at, joined_at, invited_by, toggles_before, role_since, version, sole, scope)
    select workspace_id, member_id, product_id, person_id, address_id, role, template_id, direct, toggles,
        all_level, until, suspended_at, joined_at, invited_by, toggles_before, role_since, version, sole, zeroblob(16)
    from members_kept;
insert into grants (workspace_id, member_id, resource_id, product_id, level, until)
    select workspace_id, member_id, resource_id, product_id, level, until from grants_kept;
drop table members_kept;
drop table grants_kept;
create unique index members_sole on members (workspace_id) where sole = 1;
create index members_person on members (person_id);

-- Changes: invitations, likewise.
alter table invitations add column scope BLOB not null default x'00000000000000000000000000000000';
drop index invitations_open;
create unique index invitations_open on invitations (workspace_id, address_id, scope)
    where stage in ('pending', 'expired');
