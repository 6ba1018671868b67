-- Webhooks: where a product's events are sent, and how that goes.

-- Changes: endpoints. `secrets` holds what secrets are made from with a key that is not here, newest first.
create table webhooks (
    webhook_id bytea primary key check (octet_length(webhook_id) = 16),
    product_id bytea not null references products (product_id),
    maker bytea not null check (octet_length(maker) = 16),
    url text not null,
    description text not null,
    kinds text not null check (cast(kinds as json) is not null),
    workspace_id bytea check (workspace_id is null or octet_length(workspace_id) = 16),
    secrets text not null check (cast(secrets as json) is not null),
    created_at bigint not null,
    disabled_at bigint,
    disabled_because text,
    deleted_at bigint
);
create index webhooks_product on webhooks (product_id) where deleted_at is null;

-- Observations: up to where in the feed an endpoint's events were taken, and when it is its turn again.
create table webhook_progress (
    webhook_id bytea primary key check (octet_length(webhook_id) = 16),
    position bigint not null,
    next_at bigint not null,
    failures bigint not null,
    failing_since bigint
);

-- Observations: deliveries, each one event on its way to one endpoint. Those that ended are forgotten after a while.
create table webhook_deliveries (
    webhook_id bytea not null check (octet_length(webhook_id) = 16),
    event_id bytea not null check (octet_length(event_id) = 16),
    workspace_id bytea check (workspace_id is null or octet_length(workspace_id) = 16),
    position bigint not null,
    seq bigint not null,
    kind text not null,
    created_at bigint not null,
    state text not null check (state in ('waiting', 'delivered', 'failed')),
    attempts bigint not null,
    next_at bigint not null,
    last_at bigint,
    status bigint,
    error text,
    primary key (webhook_id, event_id)
);
create index webhook_deliveries_waiting on webhook_deliveries (webhook_id, next_at) where state = 'waiting';
create index webhook_deliveries_ended on webhook_deliveries (last_at) where state <> 'waiting';
