//! Invitations. The link of one goes out by mail and nowhere else; no answer holds it, or anything that it is made of.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bailiwick_app::App;
use bailiwick_app::change::{Invitee, Offer};
use bailiwick_app::look::{Shown, Team};
use bailiwick_app::rows::MailState;
use bailiwick_core::ids::{InvitationId, MemberId};
use bailiwick_core::team::command::Command;
use bailiwick_core::team::event::Event;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::Stage;
use bailiwick_core::team::wire::AccessWire;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::credentials::Asker;
use crate::problem::Problem;

use super::Answer;
use super::acting::{Acting, Outcome, Place, PlaceOf, tagged};
use super::body::{Json, NoBody, Query};
use super::page::{Fresh, Limit, Paging};
use super::preview::{Dry, PreviewBody};
use super::route::{Route, route};
use super::wire::{Access, Moment, Who, email};

/// The routes of invitations.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v1/workspaces/{workspace}/invitations", list, "listInvitations", "The invitations, by id.")
            .query::<List>()
            .gives_page::<InvitationBody>("A page of them."),
        route("POST", "/v1/workspaces/{workspace}/invitations", invite, "invite", "Invites people by mail, all or none.")
            .query::<Dry>()
            .takes::<NewBody>()
            .gives_list::<InvitationBody>(201, "The invitations, in the order of the request.")
            .previews(),
        route("GET", "/v1/workspaces/{workspace}/invitations/{invitation}", read, "getInvitation", "An invitation.")
            .query::<Fresh>()
            .gives::<InvitationBody>(200, "The invitation."),
        route("PATCH", "/v1/workspaces/{workspace}/invitations/{invitation}", edit, "editInvitation",
            "Changes what an open invitation offers, or where it goes: then the old link is void and a new mail leaves.")
            .query::<Dry>()
            .takes::<EditBody>()
            .gives::<InvitationBody>(200, "The invitation.")
            .previews()
            .versioned(),
        route("DELETE", "/v1/workspaces/{workspace}/invitations/{invitation}", cancel, "cancelInvitation",
            "Takes an open invitation back: its link is dead.")
            .query::<Dry>()
            .gives_nothing("It is taken back.")
            .previews()
            .versioned(),
        route("POST", "/v1/workspaces/{workspace}/invitations/{invitation}/resend", resend, "resendInvitation",
            "Sends an open invitation again: the older link is dead.")
            .query::<Dry>()
            .gives::<InvitationBody>(200, "The invitation.")
            .previews()
            .versioned(),
    ]
}

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
struct InvitationBody {
    /// Its id.
    #[schema(value_type = String, example = "inv_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    id: InvitationId,
    /// Where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// What accepting gives.
    access: Access,
    /// Who sent it last, and answers for it.
    sender: Who,
    /// When it was sent last.
    sent_at: Moment,
    /// How often it was sent.
    sendings: u32,
    /// Where it stands.
    status: Status,
    /// When its link ends, or when it came to stand so.
    at: Moment,
    /// The row that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    member: Option<MemberId>,
    /// Where its newest mail stands: `waiting`, `sent`, `undelivered` or `void`.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<&'static str>,
    /// Its version: the `ETag`.
    version: u64,
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InvitationStatus)]
enum Status {
    /// Its link works.
    Pending,
    /// Its link has ended; it can be sent again.
    Expired,
    /// It was accepted.
    Accepted,
    /// It was taken back.
    Cancelled,
    /// It was turned down.
    Declined,
}

impl InvitationBody {
    fn of(team: &Team, id: InvitationId) -> Option<Self> {
        let invitation = team.state.invitations.get(&id)?;
        let (status, at, member) = match invitation.stage {
            Stage::Pending { expires_at } => (Status::Pending, expires_at, None),
            Stage::Expired { at } => (Status::Expired, at, None),
            Stage::Accepted { by, at } => (Status::Accepted, at, Some(by)),
            Stage::Cancelled { at } => (Status::Cancelled, at, None),
            Stage::Declined { at } => (Status::Declined, at, None),
        };
        Some(Self {
            id,
            email: team.addresses.get(&invitation.address).cloned(),
            access: AccessWire::of(&team.state.model, &invitation.access).into(),
            sender: Who::of(invitation.sender, team),
            sent_at: Moment(invitation.sent_at),
            sendings: invitation.sending,
            status,
            at: Moment(at),
            member,
            mail: team.mails.get(&id).map(|state| match state {
                MailState::Waiting => "waiting",
                MailState::Sent => "sent",
                MailState::Undelivered => "undelivered",
                MailState::Void => "void",
            }),
            version: invitation.version,
        })
    }
}

/// Which invitations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct List {
    /// Only those that stand so.
    #[param(inline)]
    status: Option<Status>,
    /// How many items a page has, 1 to 200; 50 if not given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where the page begins: the `next_cursor` of the page before.
    cursor: Option<String>,
    /// The revision of the workspace that the answer must be of, or a later one.
    at_least: Option<u64>,
}

async fn list(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    Place(workspace): Place,
    Query(query): Query<List>,
) -> Answer {
    let of = ["invitations", &workspace.to_string(), &format!("{:?}", query.status)];
    let paging = Paging::of(&of, &caller, query.limit, query.cursor.as_deref())?;
    app.reach(&caller, workspace, query.at_least).await?;
    let team = app.team(&caller, workspace).await?;
    let ids = team.state.invitations.keys().filter(|id| paging.after().is_none_or(|after| id.0 > after));
    let items = ids
        .filter_map(|id| InvitationBody::of(&team, *id))
        .filter(|invitation| query.status.is_none_or(|status| status == invitation.status))
        .map(|invitation| (invitation.id.0, invitation));
    Ok(JsonAnswer(paging.page(items).of_revision(team.state.revision)).into_response())
}

async fn read(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    PlaceOf(workspace, invitation): PlaceOf<InvitationId>,
    Query(fresh): Query<Fresh>,
) -> Answer {
    app.reach(&caller, workspace, fresh.at_least).await?;
    shown(&app.team(&caller, workspace).await?, invitation)
}

fn shown(team: &Team, id: InvitationId) -> Result<Response, Problem> {
    let invitation = InvitationBody::of(team, id).ok_or(Refusal::NoSuchInvitation)?;
    Ok(tagged(StatusCode::OK, invitation.version, invitation))
}

/// People to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvitations)]
struct NewBody {
    /// Each of them.
    invitations: Vec<NewOne>,
}

/// A person to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvitation)]
struct NewOne {
    /// The address.
    email: String,
    /// What accepting gives.
    access: Access,
}

#[derive(Serialize)]
struct Made {
    items: Vec<InvitationBody>,
}

async fn invite(
    State(app): State<Arc<App>>,
    acting: Acting,
    Place(workspace): Place,
    Query(dry): Query<Dry>,
    Json(body): Json<NewBody>,
) -> Answer {
    let invitees = body.invitations.into_iter().enumerate().map(|(at, new)| {
        let email = email(&new.email, &format!("invitations[{at}].email"))?;
        Ok(Invitee { email, access: new.access.into() })
    });
    let invitees = invitees.collect::<Result<Vec<_>, Problem>>()?;
    if dry.preview {
        let (state, preview) = app.preview_invite(&acting.caller, workspace, invitees).await?;
        return Ok(JsonAnswer(PreviewBody::of(&state, &preview)).into_response());
    }
    let acted = app.invite(&acting.caller, workspace, invitees, acting.command).await?;
    let sent = acted.events.iter().filter_map(|recorded| match recorded.event {
        Event::InvitationSent { invitation, .. } => Some(invitation),
        _ => None,
    });
    let sent: Vec<InvitationId> = sent.collect();
    acting.done(&app, acted, &Shown::Invitations(sent.clone())).await?.or(|_, team| {
        let items = sent.iter().filter_map(|id| InvitationBody::of(team, *id)).collect();
        Ok((StatusCode::CREATED, JsonAnswer(Made { items })).into_response())
    })
}

/// What an open invitation shall offer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InvitationEdit)]
struct EditBody {
    /// What accepting gives, whole.
    access: Access,
    /// Another address.
    #[serde(default)]
    email: Option<String>,
}

async fn edit(
    State(app): State<Arc<App>>,
    acting: Acting,
    PlaceOf(workspace, invitation): PlaceOf<InvitationId>,
    Query(dry): Query<Dry>,
    Json(body): Json<EditBody>,
) -> Answer {
    let to = body.email.as_deref().map(|typed| email(typed, "email")).transpose()?;
    let offer = Offer { access: body.access.into(), email: to };
    let Acting { caller, seen, command, .. } = &acting;
    let outcome = if dry.preview {
        let (state, preview) = app.preview_edit_invitation(caller, workspace, invitation, offer, *seen).await?;
        Outcome::Previewed(PreviewBody::of(&state, &preview))
    } else {
        let acted = app.edit_invitation(caller, workspace, invitation, offer, *seen, *command).await?;
        acting.done(&app, acted, &Shown::Invitations(vec![invitation])).await?
    };
    outcome.or(|_, team| shown(team, invitation))
}

async fn cancel(
    State(app): State<Arc<App>>,
    acting: Acting,
    PlaceOf(workspace, invitation): PlaceOf<InvitationId>,
    Query(dry): Query<Dry>,
    _: NoBody,
) -> Answer {
    acting.run(&app, workspace, Command::Cancel(invitation), dry.preview).await?.or_nothing()
}

async fn resend(
    State(app): State<Arc<App>>,
    acting: Acting,
    PlaceOf(workspace, invitation): PlaceOf<InvitationId>,
    Query(dry): Query<Dry>,
    _: NoBody,
) -> Answer {
    let outcome = acting.run(&app, workspace, Command::Resend(invitation), dry.preview).await?;
    outcome.or(|_, team| shown(team, invitation))
}
