//! Webhooks in the tables.

use bailiwick_core::ids::{EventId, ProductId, WebhookId, WorkspaceId};
use bailiwick_core::time::Timestamp;

use super::db::{Cells, Db, Out, all, int, misread, one, to_json, write};
use super::log;
use crate::query::webhooks as q;
use crate::webhooks::{Delivery, DeliveryState, FeedEvent, Progress, Tried, WebhookRow};

pub(crate) fn put(db: &dyn Db, w: &WebhookRow) -> Out<()> {
    write(
        db,
        q::PUT_WEBHOOK,
        &[
            &w.webhook.bytes(),
            &w.product.bytes(),
            &w.maker.bytes(),
            &w.url,
            &w.description,
            &to_json(&w.kinds)?,
            &w.workspace.map(WorkspaceId::bytes),
            &to_json(&w.secrets)?,
            &w.created_at.0,
            &w.disabled_at.map(|t| t.0),
            &w.disabled_because,
            &w.deleted_at.map(|t| t.0),
        ],
    )
}

pub(crate) fn every(db: &dyn Db) -> Out<Vec<WebhookRow>> {
    all(db, q::ALL_WEBHOOKS, &[], row)
}

pub(crate) fn of_product(db: &dyn Db, product: ProductId) -> Out<Vec<WebhookRow>> {
    all(db, q::WEBHOOKS, &[&product.bytes()], row)
}

pub(crate) fn find(db: &dyn Db, id: WebhookId) -> Out<Option<WebhookRow>> {
    one(db, q::WEBHOOK, &[&id.bytes()], row)
}

pub(crate) fn due(db: &dyn Db, now: Timestamp) -> Out<Vec<(WebhookRow, Progress)>> {
    all(db, q::WEBHOOKS_DUE, &[&now.0], |c| Ok((row(c)?, progress(c)?)))
}

pub(crate) fn progress_of(db: &dyn Db, id: WebhookId) -> Out<Option<Progress>> {
    one(db, q::PROGRESS, &[&id.bytes()], progress)
}

pub(crate) fn next(db: &dyn Db) -> Out<Option<Timestamp>> {
    Ok(one(db, q::NEXT_WEBHOOK, &[], |c| c.maybe_time())?.flatten())
}

pub(crate) fn first_since(db: &dyn Db, at: Timestamp) -> Out<Option<u64>> {
    let found = one(db, q::FIRST_SINCE, &[&at.0], |c| c.get::<Option<i64>>())?.flatten();
    found.map(|position| position.try_into().map_err(|_| misread("a position below nought"))).transpose()
}

pub(crate) fn feed(db: &dyn Db, product: ProductId, after: u64, to: u64) -> Out<Vec<FeedEvent>> {
    all(db, q::FEED_OF, &[&product.bytes(), &int(after), &int(to)], event)
}

pub(crate) fn feed_event(db: &dyn Db, product: ProductId, position: u64, seq: u32) -> Out<Option<FeedEvent>> {
    one(db, q::FEED_EVENT, &[&product.bytes(), &int(position), &seq], event)
}

pub(crate) fn delivery(db: &dyn Db, id: WebhookId, of: EventId) -> Out<Option<Delivery>> {
    one(db, q::DELIVERY, &[&id.bytes(), &of.bytes()], on_its_way)
}

pub(crate) fn deliveries_due(db: &dyn Db, id: WebhookId, now: Timestamp, limit: usize) -> Out<Vec<Delivery>> {
    all(db, q::DELIVERIES_DUE, &[&id.bytes(), &now.0, &int(limit)], on_its_way)
}

pub(crate) fn waiting(db: &dyn Db, id: WebhookId) -> Out<u64> {
    Ok(one(db, q::WAITING, &[&id.bytes()], |c| c.number())?.unwrap_or(0))
}

pub(crate) fn deliveries(
    db: &dyn Db,
    id: WebhookId,
    state: Option<DeliveryState>,
    before: Option<EventId>,
    limit: usize,
) -> Out<Vec<Delivery>> {
    let before = before.map_or([0xff; 16], EventId::bytes);
    match state {
        None => all(db, q::DELIVERIES, &[&id.bytes(), &before, &int(limit)], on_its_way),
        Some(state) => all(db, q::DELIVERIES_IN, &[&id.bytes(), &before, &int(limit), &state.word()], on_its_way),
    }
}

pub(crate) fn begin(db: &dyn Db, id: WebhookId) -> Out<()> {
    write(db, q::BEGIN_WEBHOOK, &[&id.bytes(), &int(log::head(db)?)])
}

pub(crate) fn claim(db: &dyn Db, id: WebhookId, next_at: Timestamp, until: Timestamp) -> Out<bool> {
    Ok(db.run(q::CLAIM_WEBHOOK, &[&id.bytes(), &next_at.0, &until.0])? > 0)
}

pub(crate) fn put_progress(db: &dyn Db, id: WebhookId, claimed: Timestamp, now: Progress) -> Out<bool> {
    let since = now.failing_since.map(|t| t.0);
    Ok(db.run(q::PUT_PROGRESS, &[&id.bytes(), &claimed.0, &now.next_at.0, &now.failures, &since])? > 0)
}

pub(crate) fn gather(db: &dyn Db, id: WebhookId, from: u64, to: u64, found: &[Delivery]) -> Out<bool> {
    if db.run(q::MOVE_ON, &[&id.bytes(), &int(from), &int(to)])? == 0 {
        return Ok(false);
    }
    found.iter().try_for_each(|delivery| add(db, id, delivery))?;
    Ok(true)
}

pub(crate) fn move_back(db: &dyn Db, id: WebhookId, position: u64) -> Out<()> {
    write(db, q::MOVE_BACK, &[&id.bytes(), &int(position)])
}

pub(crate) fn add(db: &dyn Db, id: WebhookId, d: &Delivery) -> Out<()> {
    write(
        db,
        q::ADD_DELIVERY,
        &[
            &id.bytes(),
            &d.event.bytes(),
            &d.workspace.map(WorkspaceId::bytes),
            &int(d.position),
            &d.seq,
            &d.kind,
            &d.created_at.0,
            &d.next_at.0,
        ],
    )
}

pub(crate) fn tried(db: &dyn Db, id: WebhookId, t: &Tried) -> Out<()> {
    write(
        db,
        q::DELIVERY_TRIED,
        &[
            &id.bytes(),
            &t.event.bytes(),
            &t.before,
            &t.state.word(),
            &t.next_at.0,
            &t.at.0,
            &t.status.map(u32::from),
            &t.error,
        ],
    )
}

pub(crate) fn forget_before(db: &dyn Db, at: Timestamp) -> Out<()> {
    write(db, q::OLD_DELIVERIES, &[&at.0])
}

pub(crate) fn forget(db: &dyn Db, id: WebhookId) -> Out<()> {
    write(db, q::DROP_DELIVERIES, &[&id.bytes()])?;
    write(db, q::DROP_PROGRESS, &[&id.bytes()])
}

fn row(c: &mut Cells<'_>) -> Out<WebhookRow> {
    Ok(WebhookRow {
        webhook: c.id()?,
        product: c.id()?,
        maker: c.id()?,
        url: c.text()?,
        description: c.text()?,
        kinds: c.json()?,
        workspace: c.maybe_id()?,
        secrets: c.json()?,
        created_at: c.time()?,
        disabled_at: c.maybe_time()?,
        disabled_because: c.get()?,
        deleted_at: c.maybe_time()?,
    })
}

fn progress(c: &mut Cells<'_>) -> Out<Progress> {
    Ok(Progress { position: c.number()?, next_at: c.time()?, failures: c.number()?, failing_since: c.maybe_time()? })
}

fn event(c: &mut Cells<'_>) -> Out<FeedEvent> {
    Ok(FeedEvent {
        position: c.number()?,
        seq: c.number()?,
        workspace: c.id()?,
        revision: c.number()?,
        actor: c.json()?,
        at: c.time()?,
        kind: c.text()?,
        version: c.number()?,
        payload: c.text()?,
    })
}

fn on_its_way(c: &mut Cells<'_>) -> Out<Delivery> {
    Ok(Delivery {
        event: c.id()?,
        workspace: c.maybe_id()?,
        position: c.number()?,
        seq: c.number()?,
        kind: c.text()?,
        created_at: c.time()?,
        state: {
            let word = c.text()?;
            DeliveryState::of_word(&word).ok_or_else(|| misread(format!("`{word}` means nothing here")))?
        },
        attempts: c.number()?,
        next_at: c.time()?,
        last_at: c.maybe_time()?,
        status: c.get()?,
        error: c.get()?,
    })
}
