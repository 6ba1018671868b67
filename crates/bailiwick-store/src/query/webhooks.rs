//! Webhooks: endpoints, their progress, deliveries.

/// The columns of an endpoint, in the order that it is read in.
macro_rules! hooks {
    ($rest:literal) => {
        concat!(
            "select w.webhook_id, w.product_id, w.maker, w.url, w.description, w.kinds, w.workspace_id, w.secrets, w.created_at,
            w.disabled_at, w.disabled_because, w.deleted_at ",
            $rest
        )
    };
}

/// The columns of an event of the feed.
macro_rules! feed {
    ($rest:literal) => {
        concat!(
            "select c.position, e.seq, c.line_id, c.revision, c.actor, e.at, e.kind, e.version, e.payload from changes c
            join lines l on l.line_id = c.line_id
            join events e on e.line_id = c.line_id and e.revision = c.revision
            where l.kind = 'workspace' and l.product_id = $1 and ",
            $rest
        )
    };
}

/// The columns of a delivery.
macro_rules! deliveries {
    ($rest:literal) => {
        concat!(
            "select event_id, workspace_id, position, seq, kind, created_at, state, attempts, next_at, last_at, status,
            error from webhook_deliveries where webhook_id = $1 and ",
            $rest
        )
    };
}

queries! {
    /// Every endpoint, those that were taken away included.
    ALL_WEBHOOKS = hooks!("from webhooks w order by w.webhook_id");
    /// Endpoints of a product.
    WEBHOOKS = hooks!("from webhooks w where w.product_id = $1 and w.deleted_at is null order by w.webhook_id");
    /// One endpoint, also if it was taken away.
    WEBHOOK = hooks!("from webhooks w where w.webhook_id = $1");
    /// Endpoints that are at work, and whose turn it is.
    WEBHOOKS_DUE = hooks!(", p.position, p.next_at, p.failures, p.failing_since from webhooks w
        join webhook_progress p on p.webhook_id = w.webhook_id
        where w.disabled_at is null and w.deleted_at is null and p.next_at <= $1 order by p.next_at, w.webhook_id");
    /// How far an endpoint is.
    PROGRESS = "select position, next_at, failures, failing_since from webhook_progress where webhook_id = $1";
    /// When something waits for its time: the end of a pause, or the next try.
    NEXT_WEBHOOK = "select min(case when d.next_at > p.next_at then d.next_at else p.next_at end)
        from webhook_progress p join webhooks w on w.webhook_id = p.webhook_id
        join webhook_deliveries d on d.webhook_id = p.webhook_id and d.state = 'waiting'
        where w.disabled_at is null and w.deleted_at is null";
    /// Writes an endpoint.
    PUT_WEBHOOK = "insert into webhooks (webhook_id, product_id, maker, url, description, kinds, workspace_id, secrets,
            created_at, disabled_at, disabled_because, deleted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        on conflict (webhook_id) do update set product_id = excluded.product_id, maker = excluded.maker, url = excluded.url,
            description = excluded.description, kinds = excluded.kinds, workspace_id = excluded.workspace_id,
            secrets = excluded.secrets, created_at = excluded.created_at, disabled_at = excluded.disabled_at,
            disabled_because = excluded.disabled_because, deleted_at = excluded.deleted_at";
    /// From here on an endpoint gets what happens.
    BEGIN_WEBHOOK = "insert into webhook_progress (webhook_id, position, next_at, failures, failing_since)
        values ($1, $2, 0, 0, null)
        on conflict (webhook_id) do update set position = excluded.position, next_at = 0, failures = 0,
            failing_since = null";
    /// Claims an endpoint: only who still finds the moment that they read changes a row.
    CLAIM_WEBHOOK = "update webhook_progress set next_at = $3 where webhook_id = $1 and next_at = $2";
    /// Says how an endpoint is, if it is still who claimed it.
    PUT_PROGRESS = "update webhook_progress set next_at = $3, failures = $4, failing_since = $5
        where webhook_id = $1 and next_at = $2";
    /// Moves an endpoint on in the feed.
    MOVE_ON = "update webhook_progress set position = $3 where webhook_id = $1 and position = $2";
    /// Moves an endpoint back in the feed.
    MOVE_BACK = "update webhook_progress set position = case when position > $2 then $2 else position end
        where webhook_id = $1";
    /// The first change from a moment on.
    FIRST_SINCE = "select min(position) from changes where at >= $1";
    /// Events of a product after a position, up to another.
    FEED_OF = feed!("c.position > $2 and c.position <= $3 order by c.position, e.seq");
    /// One of them.
    FEED_EVENT = feed!("c.position = $2 and e.seq = $3");
    /// A delivery from now on; one that was there begins anew.
    ADD_DELIVERY = "insert into webhook_deliveries (webhook_id, event_id, workspace_id, position, seq, kind, created_at,
            state, attempts, next_at, last_at, status, error)
        values ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8, null, null, null)
        on conflict (webhook_id, event_id) do update set state = 'waiting', attempts = 0, next_at = excluded.next_at";
    /// One delivery.
    DELIVERY = deliveries!("event_id = $2");
    /// What is to be tried, in the order of the feed.
    DELIVERIES_DUE = deliveries!("state = 'waiting' and next_at <= $2 order by position, seq, event_id limit $3");
    /// How many wait.
    WAITING = "select count(*) from webhook_deliveries where webhook_id = $1 and state = 'waiting'";
    /// A page of deliveries, newest first.
    DELIVERIES = deliveries!("event_id < $2 order by event_id desc limit $3");
    /// A page of those in one state.
    DELIVERIES_IN = deliveries!("event_id < $2 and state = $4 order by event_id desc limit $3");
    /// How a try went, unless it was asked for anew meanwhile.
    DELIVERY_TRIED = "update webhook_deliveries set state = $4, attempts = attempts + 1, next_at = $5, last_at = $6,
            status = $7, error = $8
        where webhook_id = $1 and event_id = $2 and attempts = $3 and state = 'waiting'";
    /// Forgets what ended long ago.
    OLD_DELIVERIES = "delete from webhook_deliveries where state <> 'waiting' and last_at < $1";
    /// Forgets all deliveries of an endpoint.
    DROP_DELIVERIES = "delete from webhook_deliveries where webhook_id = $1";
    /// Forgets how far an endpoint is.
    DROP_PROGRESS = "delete from webhook_progress where webhook_id = $1";
}
