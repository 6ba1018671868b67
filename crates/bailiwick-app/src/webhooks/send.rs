//! Messages leave here. An endpoint has a turn when something of the feed is for it or a try is due: one process claims
//! it, takes what the feed has into deliveries, and tries some at once, of each workspace one. Nothing leaves before all
//! that was read is in force everywhere.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bailiwick_core::ids::{EventId, WebhookId};
use bailiwick_core::time::Timestamp;
use bailiwick_store::webhooks::{Delivery, DeliveryState, FeedEvent, Progress, Tried, WebhookRow};
use bailiwick_store::{Read, StoreError};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::task::JoinSet;

use super::message::{TEST, body, event_id, test_body};
use super::schedule::{GIVE_UP_AFTER, next_try, pause};
use super::sign::SigningSecret;
use crate::app::App;
use crate::error::AppError;
use crate::outbound::{Failed, Reply};

/// So much of the feed is looked through at once, in positions.
const WINDOW: u64 = 500;
/// How often in one look.
const WINDOWS: usize = 20;
/// No more of the feed is taken for an endpoint for which so many deliveries wait.
const MOST_WAITING: u64 = 1000;
/// How many deliveries of one endpoint are tried at once; of each workspace one.
const AT_ONCE: usize = 4;
/// Among how many that are due these are chosen.
const AMONG: usize = 64;
/// How many endpoints have a turn at once.
const TURNS: usize = 32;
/// How often an endpoint tries in one turn.
const WAVES: usize = 50;
/// How long an endpoint is its claimer's, in seconds: longer than a try can take. Claimed anew before each.
const CLAIM: i64 = 30;
/// How long a delivery that ended stays in the log.
const KEPT: i64 = 30 * 86_400;
/// How often what is older is forgotten.
const FORGET_EVERY: i64 = 3600;

/// An endpoint with something to do.
#[derive(Debug)]
pub struct Turn {
    row: WebhookRow,
    progress: Progress,
    /// Up to where the feed was looked through,
    to: u64,
    /// and what of it is for this endpoint.
    found: Vec<Delivery>,
}

/// How a try went, with what it says about the endpoint.
struct Outcome {
    tried: Tried,
    retry_after: Option<u32>,
}

impl App {
    /// Gives endpoints their turns, for as long as the process runs.
    pub async fn send_webhooks(self: Arc<Self>) {
        let mut turns = JoinSet::new();
        let mut forgotten = Timestamp(0);
        loop {
            let now = self.clock.now();
            if now.seconds_since(forgotten) >= FORGET_EVERY {
                forgotten = now;
                if let Err(error) = self.lines.observe(move |to| to.forget_deliveries(now.plus_seconds(-KEPT))).await {
                    tracing::error!(%error, "old deliveries of webhooks could not be forgotten");
                }
            }
            match self.webhook_turns().await {
                Ok(found) => {
                    for turn in found {
                        while turns.len() >= TURNS {
                            turns.join_next().await;
                        }
                        turns.spawn(Arc::clone(&self).turn(turn));
                    }
                }
                Err(error) => tracing::error!(%error, "webhooks could not be looked through"),
            }
            tokio::select! {
                () = self.webhooks_to_send() => {}
                Some(_) = turns.join_next() => {}
            }
        }
    }

    /// Gives each endpoint that has something to do one turn; gives how many tries were made.
    ///
    /// # Errors
    /// The store's, or that this process is not sure.
    pub async fn send_webhooks_due(self: &Arc<Self>) -> Result<usize, AppError> {
        let mut turns = JoinSet::new();
        for turn in self.webhook_turns().await? {
            turns.spawn(Arc::clone(self).turn(turn));
        }
        Ok(turns.join_all().await.into_iter().sum())
    }

    /// Endpoints that have something to do now. All that they would send is in force everywhere.
    ///
    /// # Errors
    /// The store's, or that this process is not sure.
    async fn webhook_turns(&self) -> Result<Vec<Turn>, AppError> {
        if self.sure().is_err() {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let (turns, head) = self.lines.read(move |from| turns(from, now)).await?;
        if !turns.is_empty() {
            self.lines.everywhere(head, None).await?;
        }
        Ok(turns)
    }

    async fn turn(self: Arc<Self>, turn: Turn) -> usize {
        const PAUSE: Duration = Duration::from_secs(1);
        let id = turn.row.webhook;
        match self.take(turn).await {
            Ok(tries) => tries,
            Err(error) => {
                tracing::error!(webhook = %id, %error, "a webhook's turn broke off; it comes again");
                tokio::time::sleep(PAUSE).await;
                0
            }
        }
    }

    async fn take(self: &Arc<Self>, turn: Turn) -> Result<usize, AppError> {
        let id = turn.row.webhook;
        let Some(mut claimed) = self.claim_webhook(id, turn.progress.next_at).await? else { return Ok(0) };
        let (from, to, found) = (turn.progress.position, turn.to, turn.found);
        if to > from {
            self.lines.observe(move |feed| feed.gather(id, from, to, &found)).await?;
        }
        let mut standing = turn.progress;
        let mut tries = 0;
        for _ in 0..WAVES {
            let now = self.clock.now();
            let (row, due) =
                self.lines.read(move |from| Ok((from.webhook(id)?, from.deliveries_due(id, now, AMONG)?))).await?;
            let at_work = row.filter(|row| row.deleted_at.is_none() && row.disabled_at.is_none());
            let (Some(row), wave) = (at_work, first_of_each(due)) else { break };
            if wave.is_empty() {
                break;
            }
            match self.claim_webhook(id, claimed).await? {
                Some(until) => claimed = until,
                // Another has it.
                None => return Ok(tries),
            }
            let outcomes = self.wave(&row, wave).await?;
            tries += outcomes.len();
            let rest = self.settle(&mut standing, outcomes, id).await?;
            if let Rest::GivenUp(because) = rest {
                self.give_webhook_up(id, because).await?;
                break;
            }
            if let Rest::Pause(until) = rest {
                standing.next_at = until;
                self.lines.observe(move |to| to.webhook_is(id, claimed, standing)).await?;
                return Ok(tries);
            }
        }
        standing.next_at = self.clock.now();
        self.lines.observe(move |to| to.webhook_is(id, claimed, standing)).await?;
        Ok(tries)
    }

    async fn claim_webhook(&self, id: WebhookId, next_at: Timestamp) -> Result<Option<Timestamp>, AppError> {
        // Never the moment that it replaces: of two who read the same one, one must find it gone.
        let until = self.clock.now().plus_seconds(CLAIM).max(Timestamp(next_at.0 + 1));
        let claimed = self.lines.observe(move |to| to.claim_webhook(id, next_at, until)).await?;
        Ok(claimed.then_some(until))
    }

    /// Tries some deliveries at once.
    async fn wave(self: &Arc<Self>, row: &WebhookRow, wave: Vec<Delivery>) -> Result<Vec<Outcome>, AppError> {
        let mut tries = JoinSet::new();
        for delivery in wave {
            let product = row.product;
            let (position, seq) = (delivery.position, delivery.seq);
            let body = if delivery.kind == TEST {
                test_body(delivery.created_at)
            } else {
                let event = self.lines.read(move |from| from.feed_event(product, position, seq)).await?;
                body(&event.ok_or_else(|| gone(delivery.event))?)
            };
            let headers = self.headers(row, delivery.event, &body)?;
            let (app, url) = (Arc::clone(self), row.url.clone());
            tries.spawn(async move {
                let answer = app.outbound.post(&url, headers, body).await;
                app.outcome(&delivery, answer)
            });
        }
        Ok(tries.join_all().await)
    }

    fn headers(&self, row: &WebhookRow, event: EventId, body: &[u8]) -> Result<HeaderMap, AppError> {
        let now = self.clock.now();
        let (id, seconds) = (event.to_string(), now.0.div_euclid(1_000_000));
        let live = row.secrets.iter().filter(|seed| seed.until.is_none_or(|until| now < until));
        let signatures: Vec<String> = live
            .map(|seed| SigningSecret::of_seed(row.webhook, seed, &self.keys.link).sign(&id, seconds, body))
            .collect();
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ] {
            let value = HeaderValue::from_str(&value).map_err(|e| StoreError::Database(e.to_string()))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(headers)
    }

    fn outcome(&self, delivery: &Delivery, answer: Result<Reply, Failed>) -> Outcome {
        let at = self.clock.now();
        let (status, error, retry_after) = match answer {
            Ok(reply) => (Some(reply.status), None, reply.retry_after),
            Err(failed) => (None, Some(failed.word().to_owned()), None),
        };
        let (state, next_at) = if status.is_some_and(|status| (200..300).contains(&status)) {
            (DeliveryState::Delivered, at)
        } else {
            match next_try(delivery.attempts + 1, at, self.random.bits()) {
                Some(next) => (DeliveryState::Waiting, next),
                None => (DeliveryState::Failed, at),
            }
        };
        let tried = Tried { event: delivery.event, before: delivery.attempts, state, next_at, at, status, error };
        Outcome { tried, retry_after }
    }

    /// Notes how tries went, and what they say about the endpoint.
    async fn settle(&self, standing: &mut Progress, outcomes: Vec<Outcome>, id: WebhookId) -> Result<Rest, AppError> {
        let now = self.clock.now();
        let failed: Vec<&Outcome> = outcomes.iter().filter(|o| o.tried.state != DeliveryState::Delivered).collect();
        if failed.len() < outcomes.len() {
            (standing.failures, standing.failing_since) = (0, None);
        } else {
            standing.failures = standing.failures.saturating_add(u32::try_from(failed.len()).unwrap_or(u32::MAX));
            standing.failing_since.get_or_insert(now);
        }
        let has = |status: &[u16]| failed.iter().any(|o| o.tried.status.is_some_and(|s| status.contains(&s)));
        let asked = failed.iter().filter_map(|o| o.retry_after).max();
        let rest = if has(&[410]) {
            Rest::GivenUp("gone")
        } else if standing.failing_since.is_some_and(|since| now.seconds_since(since) >= GIVE_UP_AFTER) {
            Rest::GivenUp("failing")
        } else {
            match pause(standing.failures, has(&[429, 502, 503, 504]), asked, self.random.bits()) {
                Some(seconds) if !failed.is_empty() => Rest::Pause(now.plus_seconds(seconds)),
                _ => Rest::None,
            }
        };
        let tried: Vec<Tried> = outcomes.into_iter().map(|o| o.tried).collect();
        self.lines.observe(move |to| tried.iter().try_for_each(|tried| to.delivery_tried(id, tried))).await?;
        Ok(rest)
    }

    /// Waits until an endpoint may have something to do: something was committed or asked for, or a time has come.
    async fn webhooks_to_send(&self) {
        const LONGEST: u64 = 30;
        let next = self.lines.read(|from| from.next_webhook_at()).await.ok().flatten();
        let wait =
            next.map_or(LONGEST, |at| u64::try_from(at.seconds_since(self.clock.now())).unwrap_or(0).min(LONGEST));
        let pause = Duration::from_millis(wait * 1000 + 200);
        tokio::select! {
            () = self.lines.webhooks_woken() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What tries say about an endpoint.
enum Rest {
    None,
    Pause(Timestamp),
    GivenUp(&'static str),
}

/// The log loses nothing, so this is a broken database.
fn gone(event: EventId) -> StoreError {
    StoreError::Database(format!("the log does not have the event {event}"))
}

/// Endpoints that have something to do, and where the feed stands in that moment.
fn turns(from: &mut dyn Read, now: Timestamp) -> Result<(Vec<Turn>, u64), StoreError> {
    let head = from.head()?;
    let mut turns = Vec::new();
    for (row, progress) in from.webhooks_due(now)? {
        let full = from.deliveries_waiting(row.webhook)? >= MOST_WAITING;
        let (to, seen) =
            if full { (progress.position, Vec::new()) } else { ahead(from, &row, progress.position, head)? };
        let due = !from.deliveries_due(row.webhook, now, 1)?.is_empty();
        // The place in the feed is written when something was passed, or much of others'.
        if due || !seen.is_empty() || to.saturating_sub(progress.position) >= WINDOW {
            let found = seen.into_iter().filter(|event| wants(&row, event)).map(|event| waiting(&event, now)).collect();
            turns.push(Turn { row, progress, to, found });
        }
    }
    Ok((turns, head))
}

/// The next events of an endpoint's product, wanted or not, and up to where they are all.
fn ahead(from: &mut dyn Read, row: &WebhookRow, position: u64, head: u64) -> Result<(u64, Vec<FeedEvent>), StoreError> {
    let mut at = position;
    for _ in 0..WINDOWS {
        let to = head.min(at + WINDOW);
        if to <= at {
            break;
        }
        let seen = from.feed_of(row.product, at, to)?;
        at = to;
        if !seen.is_empty() {
            return Ok((at, seen));
        }
    }
    Ok((at, Vec::new()))
}

fn wants(row: &WebhookRow, event: &FeedEvent) -> bool {
    (row.kinds.is_empty() || row.kinds.contains(&event.kind)) && row.workspace.is_none_or(|id| id == event.workspace)
}

fn waiting(event: &FeedEvent, now: Timestamp) -> Delivery {
    Delivery {
        event: event_id(event),
        workspace: Some(event.workspace),
        position: event.position,
        seq: event.seq,
        kind: event.kind.clone(),
        created_at: event.at,
        state: DeliveryState::Waiting,
        attempts: 0,
        next_at: now,
        last_at: None,
        status: None,
        error: None,
    }
}

/// Of each workspace the first that is due, so that first tries leave in the order of its history.
fn first_of_each(due: Vec<Delivery>) -> Vec<Delivery> {
    let mut seen = HashSet::new();
    due.into_iter().filter(|delivery| seen.insert(delivery.workspace)).take(AT_ONCE).collect()
}

#[cfg(test)]
mod tests {
    use bailiwick_core::ids::WorkspaceId;

    use super::*;

    #[test]
    fn of_each_workspace_the_first_is_tried_and_four_at_once() {
        let due = |(n, workspace): (u128, Option<u128>)| Delivery {
            event: EventId(n),
            workspace: workspace.map(WorkspaceId),
            position: 0,
            seq: 0,
            kind: TEST.into(),
            created_at: Timestamp(0),
            state: DeliveryState::Waiting,
            attempts: 0,
            next_at: Timestamp(0),
            last_at: None,
            status: None,
            error: None,
        };
        let of = [Some(1), Some(1), Some(2), None, Some(1), None, Some(3), Some(4)];
        let wave = first_of_each((0..).zip(of).map(due).collect());
        assert_eq!(wave.iter().map(|d| d.event.0).collect::<Vec<_>>(), [0, 2, 3, 6]);
    }
}
