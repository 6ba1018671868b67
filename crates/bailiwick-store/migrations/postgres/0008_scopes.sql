-- Where a model has a row for each resource, a person has a row in each scope.

-- Changes: members. `scope` is the resource that a row is on where the model has a row for each, else zeros.
alter table members add column scope bytea not null default '\x00000000000000000000000000000000'
    check (octet_length(scope) = 16);
alter table members drop constraint members_workspace_id_person_id_key;
alter table members drop constraint members_workspace_id_address_id_key;
alter table members add unique (workspace_id, person_id, scope);
alter table members add unique (workspace_id, address_id, scope);

-- Changes: invitations, likewise.
alter table invitations add column scope bytea not null default '\x00000000000000000000000000000000'
    check (octet_length(scope) = 16);
drop index invitations_open;
create unique index invitations_open on invitations (workspace_id, address_id, scope)
    where stage in ('pending', 'expired');
