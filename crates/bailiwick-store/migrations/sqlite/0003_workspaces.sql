-- Workspaces, folded from their lines. Keys lead with the workspace, and no key points into another line, so that
-- lines can lie apart; products and models are few and lie everywhere. Roles, permissions, levels and toggles are
-- written by name; sets are JSON lists of names.

-- Changes: workspaces. Seats are over only where `over` says that an event from outside led there.
create table workspaces (
    workspace_id BLOB primary key check (length(workspace_id) = 16),
    name TEXT not null,
    product_id BLOB not null references products (product_id),
    external_id TEXT,
    model TEXT not null references models (version),
    plan TEXT not null,
    extra_seats INTEGER not null check (extra_seats >= 0),
    revision INTEGER not null check (revision >= 1),
    version INTEGER not null check (version between 1 and revision),
    created_at INTEGER not null,
    last_at INTEGER not null,
    deleted_at INTEGER,
    seats_taken INTEGER not null check (seats_taken >= 0),
    seats_held INTEGER,
    over INTEGER not null check (over in (0, 1)),
    next_due_at INTEGER,
    constraint seats_are_held check (seats_held is null or seats_taken <= seats_held or over = 1)
) strict, without rowid;
create unique index workspaces_external on workspaces (product_id, external_id)
    where deleted_at is null and external_id is not null;
create index workspaces_product on workspaces (product_id, workspace_id);
create index workspaces_due on workspaces (next_due_at) where next_due_at is not null;

-- Changes: members. `sole` is 1 on the row of a single owner, so that a second one cannot be written.
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
    primary key (workspace_id, member_id),
    unique (workspace_id, person_id),
    unique (workspace_id, address_id)
) strict, without rowid;
create unique index members_sole on members (workspace_id) where sole = 1;
create index members_person on members (person_id);

-- Changes: levels of members on single resources.
create table grants (
    workspace_id BLOB not null,
    member_id BLOB not null,
    resource_id BLOB not null check (length(resource_id) = 16),
    product_id BLOB not null,
    level TEXT not null,
    until INTEGER,
    primary key (workspace_id, member_id, resource_id),
    foreign key (workspace_id, member_id) references members (workspace_id, member_id)
) strict, without rowid;

-- Changes: invitations, closed ones included. `stage_at` is the end of the link while pending, else when the
-- stage was reached.
create table invitations (
    workspace_id BLOB not null references workspaces (workspace_id),
    invitation_id BLOB not null check (length(invitation_id) = 16),
    product_id BLOB not null,
    address_id BLOB not null check (length(address_id) = 16),
    role TEXT not null,
    template_id BLOB,
    direct TEXT not null check (json_valid(direct)),
    toggles TEXT not null check (json_valid(toggles)),
    all_level TEXT,
    until INTEGER,
    sender TEXT not null,
    sent_at INTEGER not null,
    sending INTEGER not null check (sending >= 1),
    stage TEXT not null check (stage in ('pending', 'expired', 'accepted', 'cancelled', 'declined')),
    stage_at INTEGER not null,
    accepted_by BLOB,
    version INTEGER not null,
    primary key (workspace_id, invitation_id),
    check ((stage = 'accepted') = (accepted_by is not null))
) strict, without rowid;
create unique index invitations_open on invitations (workspace_id, address_id) where stage in ('pending', 'expired');
create index invitations_address on invitations (address_id) where stage in ('pending', 'expired');

-- Changes: levels on single resources that invitations offer.
create table invitation_grants (
    workspace_id BLOB not null,
    invitation_id BLOB not null,
    resource_id BLOB not null check (length(resource_id) = 16),
    product_id BLOB not null,
    level TEXT not null,
    until INTEGER,
    primary key (workspace_id, invitation_id, resource_id),
    foreign key (workspace_id, invitation_id) references invitations (workspace_id, invitation_id)
) strict, without rowid;

-- Changes: role templates.
create table templates (
    workspace_id BLOB not null references workspaces (workspace_id),
    template_id BLOB not null check (length(template_id) = 16),
    product_id BLOB not null,
    name TEXT not null,
    permissions TEXT not null check (json_valid(permissions)),
    suggests TEXT not null check (json_valid(suggests)),
    version INTEGER not null,
    primary key (workspace_id, template_id)
) strict, without rowid;

-- Changes: resources, deleted ones included.
create table resources (
    workspace_id BLOB not null references workspaces (workspace_id),
    resource_id BLOB not null check (length(resource_id) = 16),
    product_id BLOB not null,
    kind TEXT not null,
    name TEXT not null,
    external_id TEXT,
    deleted_at INTEGER,
    version INTEGER not null,
    primary key (workspace_id, resource_id)
) strict, without rowid;
create unique index resources_id on resources (resource_id);
