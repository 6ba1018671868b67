//! Endpoints of webhooks, for the hosts of a product.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use bailiwick_app::App;
use bailiwick_app::error::WebhookRefusal;
use bailiwick_app::rows::{Delivery, DeliveryState, Progress, WebhookRow};
use bailiwick_app::webhooks::{EditWebhook, NewWebhook, SigningSecret, type_of};
use bailiwick_core::ids::{EventId, WebhookId, WorkspaceId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::credentials::Host;
use crate::problem::Problem;

use super::Answer;
use super::acting::param;
use super::body::{Json, NoBody, Nothing, Query};
use super::page::{Limit, Paging};
use super::route::{Route, route};
use super::wire::Moment;

/// The routes of webhooks.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v1/webhooks", list, "listWebhooks", "Where the product's events are sent.")
            .by_hosts()
            .gives_list::<WebhookBody>(200, "All of them."),
        route("POST", "/v1/webhooks", create, "createWebhook", "Sends what happens from here on to an address.")
            .by_hosts()
            .takes::<NewBody>()
            .gives::<WithSecret>(201, "The webhook. Its secret is shown this once."),
        route("GET", "/v1/webhooks/{webhook}", read, "getWebhook", "A webhook, and how it is.")
            .by_hosts()
            .gives::<WebhookBody>(200, "The webhook."),
        route("PATCH", "/v1/webhooks/{webhook}", edit, "editWebhook", "Changes what is given; the rest stays.")
            .by_hosts()
            .takes::<EditBody>()
            .gives::<WebhookBody>(200, "The webhook."),
        route("DELETE", "/v1/webhooks/{webhook}", delete, "deleteWebhook", "Takes it away, with what was on its way.")
            .by_hosts()
            .gives_nothing("It is gone."),
        route(
            "POST",
            "/v1/webhooks/{webhook}/secret",
            rotate,
            "rotateWebhookSecret",
            "Gives it another secret. For a day messages carry the signatures of both.",
        )
        .by_hosts()
        .gives::<WithSecret>(200, "The webhook. Its new secret is shown this once."),
        route(
            "POST",
            "/v1/webhooks/{webhook}/disable",
            disable,
            "disableWebhook",
            "Sends nothing until it is enabled.",
        )
        .by_hosts()
        .gives::<WebhookBody>(200, "The webhook."),
        route(
            "POST",
            "/v1/webhooks/{webhook}/enable",
            enable,
            "enableWebhook",
            "Sends what happens from here on again, and what waited. What happened meanwhile can be replayed.",
        )
        .by_hosts()
        .gives::<WebhookBody>(200, "The webhook."),
        route(
            "POST",
            "/v1/webhooks/{webhook}/test",
            test,
            "testWebhook",
            "Sends a message of the type `webhook.test`.",
        )
        .by_hosts()
        .gives::<DeliveryBody>(202, "It is on its way."),
        route(
            "GET",
            "/v1/webhooks/{webhook}/deliveries",
            deliveries,
            "listDeliveries",
            "What was sent or is on its way, newest first. What ended is kept for 30 days.",
        )
        .by_hosts()
        .query::<Filter>()
        .gives_page::<DeliveryBody>("A page of deliveries."),
        route(
            "POST",
            "/v1/webhooks/{webhook}/deliveries/{event}/replay",
            replay,
            "replayDelivery",
            "Delivers one event again, under the same `webhook-id`.",
        )
        .by_hosts()
        .gives::<DeliveryBody>(202, "It is on its way."),
        route(
            "POST",
            "/v1/webhooks/{webhook}/replay",
            replay_since,
            "replaySince",
            "Delivers again all that happened since a moment, each under the same `webhook-id`.",
        )
        .by_hosts()
        .takes::<SinceBody>()
        .gives_nothing("It will be."),
    ]
}

/// Where events are sent, and how that goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
struct WebhookBody {
    /// Its id.
    #[schema(value_type = String, example = "whk_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    id: WebhookId,
    /// The address.
    url: String,
    /// What the host calls it.
    description: String,
    /// Only events of these types; empty: all.
    types: Vec<String>,
    /// Only events of this workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    workspace: Option<WorkspaceId>,
    /// When it was made.
    created_at: Moment,
    /// Whether events are sent to it.
    enabled: bool,
    /// Since when they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Moment>,
    /// Why: `by-the-host`, `gone` (it answered 410), `failing` (nothing succeeded for five days),
    /// `key-revoked` (the key that made it was).
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_because: Option<String>,
    /// Tries in a row that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<u32>,
    /// Since when none has succeeded, if the last one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<Moment>,
}

impl WebhookBody {
    fn of(row: WebhookRow, progress: Option<Progress>) -> Self {
        Self {
            id: row.webhook,
            url: row.url,
            description: row.description,
            types: row.kinds.iter().map(|kind| type_of(kind)).collect(),
            workspace: row.workspace,
            created_at: Moment(row.created_at),
            enabled: row.disabled_at.is_none(),
            disabled_at: row.disabled_at.map(Moment),
            disabled_because: row.disabled_because,
            failures: progress.map(|p| p.failures),
            failing_since: progress.and_then(|p| p.failing_since).map(Moment),
        }
    }
}

/// A webhook with its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
struct WithSecret {
    /// The webhook.
    webhook: WebhookBody,
    /// What its messages are signed with, `whsec_…`. It is not shown again.
    secret: String,
}

impl WithSecret {
    fn of((row, secret): (WebhookRow, SigningSecret)) -> Self {
        Self { webhook: WebhookBody::of(row, None), secret: secret.reveal() }
    }
}

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook)]
struct NewBody {
    /// The address: https, port 443, public.
    #[schema(example = "https://app.example.com/hooks/bailiwick")]
    url: String,
    /// What the host calls it.
    #[serde(default)]
    description: String,
    /// Only events of these types; none given: all.
    #[serde(default)]
    types: Vec<String>,
    /// Only events of this workspace.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    workspace: Option<WorkspaceId>,
}

/// What is to be changed of a webhook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookEdit)]
struct EditBody {
    /// The address.
    #[serde(default)]
    url: Option<String>,
    /// What the host calls it.
    #[serde(default)]
    description: Option<String>,
    /// Only events of these types; an empty list: all.
    #[serde(default)]
    types: Option<Vec<String>>,
    /// Only events of this workspace; null: of all.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    workspace: Option<Option<WorkspaceId>>,
}

/// What is given is given, also if it is null.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<WorkspaceId>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// From when on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Since)]
struct SinceBody {
    /// All that happened at this moment or later.
    since: Moment,
}

/// An event on its way to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
struct DeliveryBody {
    /// The event, and the message's `webhook-id`.
    #[schema(value_type = String, example = "evt_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    id: EventId,
    /// Its type.
    #[serde(rename = "type")]
    of: String,
    /// The workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    workspace: Option<WorkspaceId>,
    /// When it happened.
    at: Moment,
    /// `waiting`, `delivered` or `failed`.
    state: &'static str,
    /// Tries so far.
    attempts: u32,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<Moment>,
    /// When it was tried last.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<Moment>,
    /// The status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Why there was no answer: `address-refused`, `name-unresolved`, `unreachable`, `tls`, `timed-out` or
    /// `broken-answer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<Delivery> for DeliveryBody {
    fn from(row: Delivery) -> Self {
        Self {
            id: row.event,
            of: type_of(&row.kind),
            workspace: row.workspace,
            at: Moment(row.created_at),
            state: match row.state {
                DeliveryState::Waiting => "waiting",
                DeliveryState::Delivered => "delivered",
                DeliveryState::Failed => "failed",
            },
            attempts: row.attempts,
            next_at: (row.state == DeliveryState::Waiting).then_some(Moment(row.next_at)),
            last_at: row.last_at.map(Moment),
            status: row.status,
            error: row.error,
        }
    }
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those in this state: `waiting`, `delivered` or `failed`.
    #[param(value_type = Option<String>)]
    state: Option<InState>,
    /// How many items a page has, 1 to 200; 50 if not given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where the page begins: the `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A state by its word.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum InState {
    Waiting,
    Delivered,
    Failed,
}

/// The webhook of a path: what is no id answers like one that nothing has.
struct Place(WebhookId);

impl FromRequestParts<Arc<App>> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let id = param(parts, app, 0).await.and_then(|text| text.parse().ok());
        Ok(Self(id.ok_or(WebhookRefusal::NoSuchWebhook)?))
    }
}

/// The webhook and the event of a path.
struct PlaceOfEvent(WebhookId, EventId);

impl FromRequestParts<Arc<App>> for PlaceOfEvent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Place(webhook) = Place::from_request_parts(parts, app).await?;
        let event = param(parts, app, 1).await.and_then(|text| text.parse().ok());
        Ok(Self(webhook, event.ok_or(WebhookRefusal::NoSuchDelivery)?))
    }
}

async fn list(State(app): State<Arc<App>>, host: Host, Query(Nothing {}): Query<Nothing>) -> Answer {
    let rows = app.webhooks(&host.caller).await?;
    let bodies: Vec<WebhookBody> = rows.into_iter().map(|row| WebhookBody::of(row, None)).collect();
    Ok(JsonAnswer(serde_json::json!({"items": bodies})).into_response())
}

async fn create(
    State(app): State<Arc<App>>,
    host: Host,
    Query(Nothing {}): Query<Nothing>,
    Json(body): Json<NewBody>,
) -> Answer {
    let new = NewWebhook { url: body.url, description: body.description, types: body.types, workspace: body.workspace };
    let made = app.create_webhook(&host.caller, new).await?;
    Ok((StatusCode::CREATED, JsonAnswer(WithSecret::of(made))).into_response())
}

async fn read(State(app): State<Arc<App>>, host: Host, Place(id): Place, Query(Nothing {}): Query<Nothing>) -> Answer {
    let (row, progress) = app.webhook(&host.caller, id).await?;
    Ok(JsonAnswer(WebhookBody::of(row, progress)).into_response())
}

async fn edit(
    State(app): State<Arc<App>>,
    host: Host,
    Place(id): Place,
    Query(Nothing {}): Query<Nothing>,
    Json(body): Json<EditBody>,
) -> Answer {
    let edit =
        EditWebhook { url: body.url, description: body.description, types: body.types, workspace: body.workspace };
    let row = app.edit_webhook(&host.caller, id, edit).await?;
    Ok(JsonAnswer(WebhookBody::of(row, None)).into_response())
}

async fn delete(
    State(app): State<Arc<App>>,
    host: Host,
    Place(id): Place,
    Query(Nothing {}): Query<Nothing>,
    _: NoBody,
) -> Answer {
    app.delete_webhook(&host.caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn rotate(
    State(app): State<Arc<App>>,
    host: Host,
    Place(id): Place,
    Query(Nothing {}): Query<Nothing>,
    _: NoBody,
) -> Answer {
    Ok(JsonAnswer(WithSecret::of(app.rotate_webhook(&host.caller, id).await?)).into_response())
}

async fn disable(
    State(app): State<Arc<App>>,
    host: Host,
    Place(id): Place,
    Query(Nothing {}): Query<Nothing>,
    _: NoBody,
) -> Answer {
    let row = app.disable_webhook(&host.caller, id).await?;
    Ok(JsonAnswer(WebhookBody::of(row, None)).into_response())
}

async fn enable(
    State(app): State<Arc<App>>,
    host: Host,
    Place(id): Place,
    Query(Nothing {}): Query<Nothing>,
    _: NoBody,
) -> Answer {
    let row = app.enable_webhook(&host.caller, id).await?;
    Ok(JsonAnswer(WebhookBody::of(row, None)).into_response())
}

async fn test(
    State(app): State<Arc<App>>,
    host: Host,
    Place(id): Place,
    Query(Nothing {}): Query<Nothing>,
    _: NoBody,
) -> Answer {
    let delivery = app.test_webhook(&host.caller, id).await?;
    Ok((StatusCode::ACCEPTED, JsonAnswer(DeliveryBody::from(delivery))).into_response())
}

async fn deliveries(State(app): State<Arc<App>>, host: Host, Place(id): Place, Query(query): Query<Filter>) -> Answer {
    let filters = format!("{:?}", query.state);
    let paging =
        Paging::of(&["deliveries", &id.to_string(), &filters], &host.caller, query.limit, query.cursor.as_deref())?;
    let state = query.state.map(|state| match state {
        InState::Waiting => DeliveryState::Waiting,
        InState::Delivered => DeliveryState::Delivered,
        InState::Failed => DeliveryState::Failed,
    });
    let before = paging.after().map(EventId);
    let found = app.deliveries(&host.caller, id, state, before, paging.one_more()).await?;
    let items = found.into_iter().map(|row| (row.event.0, DeliveryBody::from(row)));
    Ok(JsonAnswer(paging.page(items)).into_response())
}

async fn replay(
    State(app): State<Arc<App>>,
    host: Host,
    PlaceOfEvent(id, event): PlaceOfEvent,
    Query(Nothing {}): Query<Nothing>,
    _: NoBody,
) -> Answer {
    let delivery = app.replay_delivery(&host.caller, id, event).await?;
    Ok((StatusCode::ACCEPTED, JsonAnswer(DeliveryBody::from(delivery))).into_response())
}

async fn replay_since(
    State(app): State<Arc<App>>,
    host: Host,
    Place(id): Place,
    Query(Nothing {}): Query<Nothing>,
    Json(body): Json<SinceBody>,
) -> Answer {
    app.replay_since(&host.caller, id, body.since.0).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
