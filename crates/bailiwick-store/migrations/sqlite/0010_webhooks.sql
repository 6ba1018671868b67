-- Webhooks: where a product's events are sent, and how that goes.

-- Changes: endpoints. `secrets` holds what secrets are made from with a key that is not here, newest first.
create table webhooks (
    webhook_id BLOB primary key check (length(webhook_id) = 16),
    product_id BLOB not null references products (product_id),
    maker BLOB not null check (length(maker) = 16),
    url TEXT not null,
    description TEXT not null,
    kinds TEXT not null check (json_valid(kinds)),
    workspace_id BLOB check (workspace_id is null or length(workspace_id) = 16),
    secrets TEXT not null check (json_valid(secrets)),
    created_at INTEGER not null,
    disabled_at INTEGER,
    disabled_because TEXT,
    deleted_at INTEGER
) strict, without rowid;
create index webhooks_product on webhooks (product_id) where deleted_at is null;

-- Observations: up to where in the feed an endpoint's events were taken, and when it is its turn again.
create table webhook_progress (
    webhook_id BLOB primary key check (length(webhook_id) = 16),
    position INTEGER not null,
    next_at INTEGER not null,
    failures INTEGER not null,
    failing_since INTEGER
) strict, without rowid;

-- Observations: deliveries, each one event on its way to one endpoint. Those that ended are forgotten after a while.
create table webhook_deliveries (
    webhook_id BLOB not null check (length(webhook_id) = 16),
    event_id BLOB not null check (length(event_id) = 16),
    workspace_id BLOB check (workspace_id is null or length(workspace_id) = 16),
    position INTEGER not null,
    seq INTEGER not null,
    kind TEXT not null,
    created_at INTEGER not null,
    state TEXT not null check (state in ('waiting', 'delivered', 'failed')),
    attempts INTEGER not null,
    next_at INTEGER not null,
    last_at INTEGER,
    status INTEGER,
    error TEXT,
    primary key (webhook_id, event_id)
) strict, without rowid;
create index webhook_deliveries_waiting on webhook_deliveries (webhook_id, next_at) where state = 'waiting';
create index webhook_deliveries_ended on webhook_deliveries (last_at) where state <> 'waiting';
