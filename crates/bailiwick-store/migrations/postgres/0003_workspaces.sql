-- Workspaces, folded from their lines. Keys lead with the workspace, and no key points into another line, so that
-- lines can lie apart; products and models are few and lie everywhere. Roles, permissions, levels and toggles are
-- written by name; sets are JSON lists of names.

-- Changes: workspaces. Seats are over only where `over` says that an event from outside led there.
create table workspaces (
    workspace_id bytea primary key check (octet_length(workspace_id) = 16),
    name text collate "C" not null,
    product_id bytea not null references products (product_id),
    external_id text collate "C",
    model text collate "C" not null references models (version),
    plan text not null,
    extra_seats bigint not null check (extra_seats >= 0),
    revision bigint not null check (revision >= 1),
    version bigint not null check (version between 1 and revision),
    created_at bigint not null,
    last_at bigint not null,
    deleted_at bigint,
    seats_taken bigint not null check (seats_taken >= 0),
    seats_held bigint,
    over boolean not null,
    next_due_at bigint,
    constraint seats_are_held check (seats_held is null or seats_taken <= seats_held or over)
);
create unique index workspaces_external on workspaces (product_id, external_id)
    where deleted_at is null and external_id is not null;
create index workspaces_product on workspaces (product_id, workspace_id);
create index workspaces_due on workspaces (next_due_at) where next_due_at is not null;

-- Changes: members. `sole` is 1 on the row of a single owner, so that a second one cannot be written.
create table members (
    workspace_id bytea not null references workspaces (workspace_id),
    member_id bytea not null check (octet_length(member_id) = 16),
    product_id bytea not null,
    person_id bytea not null check (octet_length(person_id) = 16),
    address_id bytea not null check (octet_length(address_id) = 16),
    role text not null,
    template_id bytea,
    direct text not null check (cast(direct as json) is not null),
    toggles text not null check (cast(toggles as json) is not null),
    all_level text,
    until bigint,
    suspended_at bigint,
    joined_at bigint not null,
    invited_by text,
    toggles_before text not null check (cast(toggles_before as json) is not null),
    role_since bigint not null,
    version bigint not null,
    sole boolean not null,
    primary key (workspace_id, member_id),
    unique (workspace_id, person_id),
    unique (workspace_id, address_id)
);
create unique index members_sole on members (workspace_id) where sole;
create index members_person on members (person_id);

-- Changes: levels of members on single resources.
create table grants (
    workspace_id bytea not null,
    member_id bytea not null,
    resource_id bytea not null check (octet_length(resource_id) = 16),
    product_id bytea not null,
    level text not null,
    until bigint,
    primary key (workspace_id, member_id, resource_id),
    foreign key (workspace_id, member_id) references members (workspace_id, member_id)
);

-- Changes: invitations, closed ones included. `stage_at` is the end of the link while pending, else when the
-- stage was reached.
create table invitations (
    workspace_id bytea not null references workspaces (workspace_id),
    invitation_id bytea not null check (octet_length(invitation_id) = 16),
    product_id bytea not null,
    address_id bytea not null check (octet_length(address_id) = 16),
    role text not null,
    template_id bytea,
    direct text not null check (cast(direct as json) is not null),
    toggles text not null check (cast(toggles as json) is not null),
    all_level text,
    until bigint,
    sender text not null,
    sent_at bigint not null,
    sending bigint not null check (sending >= 1),
    stage text not null check (stage in ('pending', 'expired', 'accepted', 'cancelled', 'declined')),
    stage_at bigint not null,
    accepted_by bytea,
    version bigint not null,
    primary key (workspace_id, invitation_id),
    check ((stage = 'accepted') = (accepted_by is not null))
);
create unique index invitations_open on invitations (workspace_id, address_id) where stage in ('pending', 'expired');
create index invitations_address on invitations (address_id) where stage in ('pending', 'expired');

-- Changes: levels on single resources that invitations offer.
create table invitation_grants (
    workspace_id bytea not null,
    invitation_id bytea not null,
    resource_id bytea not null check (octet_length(resource_id) = 16),
    product_id bytea not null,
    level text not null,
    until bigint,
    primary key (workspace_id, invitation_id, resource_id),
    foreign key (workspace_id, invitation_id) references invitations (workspace_id, invitation_id)
);

-- Changes: role templates.
create table templates (
    workspace_id bytea not null references workspaces (workspace_id),
    template_id bytea not null check (octet_length(template_id) = 16),
    product_id bytea not null,
    name text not null,
    permissions text not null check (cast(permissions as json) is not null),
    suggests text not null check (cast(suggests as json) is not null),
    version bigint not null,
    primary key (workspace_id, template_id)
);

-- Changes: resources, deleted ones included.
create table resources (
    workspace_id bytea not null references workspaces (workspace_id),
    resource_id bytea not null check (octet_length(resource_id) = 16),
    product_id bytea not null,
    kind text not null,
    name text not null,
    external_id text,
    deleted_at bigint,
    version bigint not null,
    primary key (workspace_id, resource_id)
);
create unique index resources_id on resources (resource_id);
