//! Workspaces and what is in them.

queries! {
    /// A workspace's own row.
    WORKSPACE = "select name, product_id, external_id, model, plan, extra_seats, revision, version, created_at, last_at,
        deleted_at from workspaces where workspace_id = $1";
    /// What its row says that follows from the rest.
    DERIVED = "select seats_taken, seats_held, over, next_due_at from workspaces where workspace_id = $1";
    /// Writes its own row.
    PUT_WORKSPACE = "insert into workspaces (workspace_id, name, product_id, external_id, model, plan, extra_seats,
            revision, version, created_at, last_at, deleted_at, seats_taken, seats_held, over, next_due_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        on conflict (workspace_id) do update set name = excluded.name, product_id = excluded.product_id,
            external_id = excluded.external_id, model = excluded.model, plan = excluded.plan,
            extra_seats = excluded.extra_seats, revision = excluded.revision, version = excluded.version,
            created_at = excluded.created_at, last_at = excluded.last_at, deleted_at = excluded.deleted_at,
            seats_taken = excluded.seats_taken, seats_held = excluded.seats_held, over = excluded.over,
            next_due_at = excluded.next_due_at";
    /// The workspace of a host's id.
    BY_EXTERNAL_ID = "select workspace_id from workspaces
        where product_id = $1 and external_id = $2 and deleted_at is null";
    /// A page of a product's workspaces.
    OF_PRODUCT = "select workspace_id from workspaces
        where product_id = $1 and workspace_id > $2 and deleted_at is null order by workspace_id limit $3";
    /// A page of the workspaces that are pinned to a version of a model.
    PINNED = "select workspace_id from workspaces
        where model = $1 and workspace_id > $2 and deleted_at is null order by workspace_id limit $3";
    /// Where something falls due.
    DUE = "select workspace_id from workspaces where next_due_at <= $1 order by next_due_at limit $2";

    /// Members.
    MEMBERS = "select member_id, role, template_id, direct, toggles, all_level, until, person_id, address_id,
        suspended_at, joined_at, invited_by, toggles_before, role_since, version from members where workspace_id = $1";
    /// What members' rows say that follows from the rest.
    MEMBERS_DERIVED = "select member_id, product_id, sole, scope from members where workspace_id = $1";
    /// How many rows of a workspace name a product that is not its own.
    OF_OTHER_PRODUCTS = "select
        (select count(*) from lines where line_id = $1 and product_id is distinct from $2)
        + (select count(*) from grants where workspace_id = $1 and product_id <> $2)
        + (select count(*) from invitations where workspace_id = $1 and product_id <> $2)
        + (select count(*) from invitation_grants where workspace_id = $1 and product_id <> $2)
        + (select count(*) from templates where workspace_id = $1 and product_id <> $2)
        + (select count(*) from resources where workspace_id = $1 and product_id <> $2)";
    /// Writes a member's row.
    PUT_MEMBER = "insert into members (workspace_id, member_id, product_id, role, template_id, direct, toggles,
            all_level, until, person_id, address_id, suspended_at, joined_at, invited_by, toggles_before, role_since,
            version, sole, scope)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        on conflict (workspace_id, member_id) do update set role = excluded.role, template_id = excluded.template_id,
            direct = excluded.direct, toggles = excluded.toggles, all_level = excluded.all_level,
            until = excluded.until, person_id = excluded.person_id, address_id = excluded.address_id,
            suspended_at = excluded.suspended_at, joined_at = excluded.joined_at, invited_by = excluded.invited_by,
            toggles_before = excluded.toggles_before, role_since = excluded.role_since, version = excluded.version,
            sole = excluded.sole, scope = excluded.scope";
    /// Takes a member's row away.
    DROP_MEMBER = "delete from members where workspace_id = $1 and member_id = $2";
    /// Levels of members.
    GRANTS = "select member_id, resource_id, level, until from grants where workspace_id = $1";
    /// Writes a level.
    ADD_GRANT = "insert into grants (workspace_id, member_id, resource_id, product_id, level, until)
        values ($1, $2, $3, $4, $5, $6)";
    /// Takes a member's levels away.
    DROP_GRANTS = "delete from grants where workspace_id = $1 and member_id = $2";

    /// Invitations.
    INVITATIONS = "select invitation_id, role, template_id, direct, toggles, all_level, until, address_id, sender,
        sent_at, sending, stage, stage_at, accepted_by, version from invitations where workspace_id = $1";
    /// Writes an invitation.
    PUT_INVITATION = "insert into invitations (workspace_id, invitation_id, product_id, role, template_id, direct,
            toggles, all_level, until, address_id, sender, sent_at, sending, stage, stage_at, accepted_by, version,
            scope)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        on conflict (workspace_id, invitation_id) do update set role = excluded.role,
            template_id = excluded.template_id, direct = excluded.direct, toggles = excluded.toggles,
            all_level = excluded.all_level, until = excluded.until, address_id = excluded.address_id,
            sender = excluded.sender, sent_at = excluded.sent_at, sending = excluded.sending, stage = excluded.stage,
            stage_at = excluded.stage_at, accepted_by = excluded.accepted_by, version = excluded.version,
            scope = excluded.scope";
    /// Levels that invitations offer.
    INVITATION_GRANTS = "select invitation_id, resource_id, level, until from invitation_grants
        where workspace_id = $1";
    /// Writes an offered level.
    ADD_INVITATION_GRANT = "insert into invitation_grants (workspace_id, invitation_id, resource_id, product_id, level,
            until)
        values ($1, $2, $3, $4, $5, $6)";
    /// Takes an invitation's levels away.
    DROP_INVITATION_GRANTS = "delete from invitation_grants where workspace_id = $1 and invitation_id = $2";

    /// Templates.
    TEMPLATES = "select template_id, name, permissions, suggests, version from templates where workspace_id = $1";
    /// Writes a template.
    PUT_TEMPLATE = "insert into templates (workspace_id, template_id, product_id, name, permissions, suggests, version)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (workspace_id, template_id) do update set name = excluded.name,
            permissions = excluded.permissions, suggests = excluded.suggests, version = excluded.version";
    /// Takes a template away.
    DROP_TEMPLATE = "delete from templates where workspace_id = $1 and template_id = $2";

    /// Resources.
    RESOURCES = "select resource_id, kind, name, external_id, deleted_at, version from resources
        where workspace_id = $1";
    /// Writes a resource.
    PUT_RESOURCE = "insert into resources (workspace_id, resource_id, product_id, kind, name, external_id, deleted_at,
            version)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (workspace_id, resource_id) do update set kind = excluded.kind, name = excluded.name,
            external_id = excluded.external_id, deleted_at = excluded.deleted_at, version = excluded.version";
    /// Takes a resource away.
    DROP_RESOURCE = "delete from resources where workspace_id = $1 and resource_id = $2";
    /// The workspace that a resource is in.
    RESOURCE_WORKSPACE = "select workspace_id from resources where resource_id = $1";

    /// Where a person is a member.
    MEMBERSHIPS = "select w.workspace_id, w.product_id, m.member_id, w.name, m.suspended_at is not null from members m
        join workspaces w on w.workspace_id = m.workspace_id
        where m.person_id = $1 and w.deleted_at is null order by w.name, w.workspace_id, m.member_id";
    /// Open invitations to an address.
    INVITATIONS_TO = "select i.workspace_id, i.invitation_id from invitations i
        join workspaces w on w.workspace_id = i.workspace_id
        where i.address_id = $1 and i.stage in ('pending', 'expired') and w.deleted_at is null
        order by i.workspace_id, i.invitation_id";
}
