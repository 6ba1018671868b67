//! Arriving by an invitation link, and what can be done with it.

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use bailiwick_app::AppError;
use bailiwick_app::accept::{ClosedAs, LinkPage, OpenLink, Reader, masked};
use bailiwick_core::team::refusal::Refusal;

use super::context::{Context, Shown};
use super::errors::PageError;
use super::forms::{Form, problems};
use super::say::{day, when};
use crate::ui::form::Problems;
use crate::ui::kit::{Link, When};
use crate::ui::pages::invitation::{Ending, InvitationState, InvitationView, Obstacle, Offer, page};

/// `GET /invitations/{token}`: keeps the secret in a cookie, so that it leaves the address bar (AB-041).
pub async fn arrive(context: Context, Path(token): Path<String>) -> Response {
    let mut on = context.with_invitation(Redirect::to("/invitation").into_response(), &token);
    on.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    on
}

/// `GET /invitation`
pub async fn show(context: Context) -> Shown {
    shown(&context, Problems::default()).await
}

async fn shown(context: &Context, problems: Problems) -> Shown {
    let token = context.invitation().unwrap_or_default();
    let found = context.app().look_at_invitation(&token, context.caller.as_ref()).await?;
    let state = match found {
        LinkPage::Dead => InvitationState::Closed { sign_in: "/sign-in".into() },
        LinkPage::Closed(how, workspace) => closed(context, how, &format!("/w/{workspace}")).await?,
        LinkPage::Open(open) if open.expired => {
            InvitationState::Expired { inviter: open.sender.clone(), workspace: open.workspace_name.clone() }
        }
        LinkPage::Open(open) => opened(context, &open, problems).await?,
    };
    view(context, state)
}

fn view(context: &Context, state: InvitationState) -> Shown {
    let mark = context.mark();
    let mut answer = context.html(page(&InvitationView { shell: context.outside("Invitation"), state }));
    answer.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(context.with_browser(answer, &mark))
}

async fn opened(context: &Context, open: &OpenLink, problems: Problems) -> Result<InvitationState, PageError> {
    let offer = offer(context, open);
    Ok(match open.reader {
        Reader::New => InvitationState::SignUp {
            offer,
            form: context.form("/invitation/sign-up"),
            link: Some(context.form("/invitation/sign-up")),
            sign_in: "/sign-in?next=%2Finvitation".into(),
            name: String::new(),
            problems,
        },
        Reader::HasAccount => InvitationState::SignIn {
            offer,
            form: context.form("/invitation/sign-in"),
            link: context.form("/invitation/link"),
            problems,
        },
        Reader::Invited => InvitationState::AtOnce { offer, form: context.form("/invitation/accept"), problems },
        Reader::SomebodyElse => InvitationState::OtherAccount {
            masked: masked(&open.email),
            me: context.app().me(context.caller()?).await?.email,
            switch: context.form("/invitation/switch"),
        },
    })
}

fn offer(context: &Context, open: &OpenLink) -> Offer {
    Offer {
        inviter: open.sender.clone(),
        workspace: open.workspace_name.clone(),
        role: open.role.clone(),
        with: open.template.as_ref().map(|t| format!("with the {t}")).unwrap_or_default(),
        gives: open.offers.clone(),
        email: open.email.clone(),
        until: When { relative: day(open.expires_at), ..when(open.expires_at, context.app().clock.now()) },
        decline: if open.reader == Reader::Invited { "/invitation/decline".into() } else { String::new() },
    }
}

async fn closed(context: &Context, how: ClosedAs, home: &str) -> Result<InvitationState, PageError> {
    let id = home.trim_start_matches("/w/");
    let workspace = match context.app().workspace(context.caller()?, super::context::workspace_id(id)?).await {
        Ok(state) => Some(state.name.to_string()),
        Err(_) => None,
    };
    let on = match &workspace {
        Some(name) => Link::new(&format!("Open {name}"), home),
        None => Link::new("Go to your workspaces", "/"),
    };
    let how = match how {
        ClosedAs::Accepted => Ending::Accepted,
        ClosedAs::Cancelled => Ending::Cancelled,
        ClosedAs::Declined => Ending::Declined,
    };
    Ok(InvitationState::ClosedForYou { how, workspace: workspace.unwrap_or_else(|| "the workspace".into()), on })
}

/// `POST /invitation/sign-up`
pub async fn sign_up(form: Form) -> Shown {
    form.only(&["email", "name", "password"])?;
    let context = &form.context;
    let token = context.invitation().unwrap_or_default();
    let (name, password) = (form.get("name")?, form.get("password")?);
    match context.app().sign_up_and_accept(&token, name, Some(password), &context.origin).await {
        Ok((signed_in, acted)) => {
            let on = Redirect::to(&format!("/w/{}", acted.state.id)).into_response();
            Ok(context.without_invitation(context.with_session(on, signed_in.token.reveal())))
        }
        Err(error) => not_accepted(context, error, Some(name)).await,
    }
}

/// `POST /invitation/accept`
pub async fn accept(form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let token = context.invitation().unwrap_or_default();
    match context.app().accept(context.caller()?, &token).await {
        Ok(acted) => Ok(context.without_invitation(Redirect::to(&format!("/w/{}", acted.state.id)).into_response())),
        Err(error) => not_accepted(context, error, None).await,
    }
}

/// Says what is in the way, on the page that belongs to it.
async fn not_accepted(context: &Context, error: AppError, typed_name: Option<&str>) -> Shown {
    let obstacle = match &error {
        AppError::Refused(Refusal::NoSeatLeft(..)) => Obstacle::NoSeat,
        AppError::Refused(Refusal::RoleNotInPlan(..)) => Obstacle::RoleNotInPlan,
        AppError::Refused(Refusal::SenderLostRight) => Obstacle::SenderLostRight,
        AppError::Refused(
            Refusal::NoSuchInvitation | Refusal::InvitationClosed | Refusal::InvitationExpired | Refusal::WrongAddress,
        ) => {
            return shown(context, Problems::default()).await;
        }
        AppError::Refused(Refusal::AlreadyMember) => {
            let problems = problems(error.clone().into(), "name")?;
            return shown(context, problems).await;
        }
        AppError::SignIn(refusal) => {
            use bailiwick_app::error::SignInRefusal::NameNeeded;
            let field = if *refusal == NameNeeded { "name" } else { "password" };
            return retyped(context, problems(error.clone().into(), field)?, typed_name).await;
        }
        _ => return Err(error.into()),
    };
    let token = context.invitation().unwrap_or_default();
    let LinkPage::Open(open) = context.app().look_at_invitation(&token, context.caller.as_ref()).await? else {
        return shown(context, Problems::default()).await;
    };
    let retry =
        if context.caller.is_some() { context.form("/invitation/accept") } else { context.form("/invitation/sign-up") };
    let state = InvitationState::NotNow {
        obstacle,
        inviter: open.sender.clone(),
        workspace: open.workspace_name.clone(),
        role: open.role.clone(),
        retry,
    };
    view(context, state)
}

async fn retyped(context: &Context, problems: Problems, typed: Option<&str>) -> Shown {
    let token = context.invitation().unwrap_or_default();
    let LinkPage::Open(open) = context.app().look_at_invitation(&token, context.caller.as_ref()).await? else {
        return shown(context, problems).await;
    };
    let mut state = opened(context, &open, problems).await?;
    if let InvitationState::SignUp { name, .. } = &mut state {
        *name = typed.unwrap_or_default().to_owned();
    }
    let mut answer = view(context, state)?;
    *answer.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
    Ok(answer)
}

/// `POST /invitation/sign-in`: the account of the invited address signs in and comes back.
pub async fn sign_in(form: Form) -> Shown {
    form.only(&["email", "password"])?;
    let context = &form.context;
    let Some(email) = invited_email(context).await? else { return shown(context, Problems::default()).await };
    match context.app().sign_in(&email, form.get("password")?, &context.origin).await {
        Ok(signed_in) => {
            Ok(context.with_session(Redirect::to("/invitation").into_response(), signed_in.token.reveal()))
        }
        Err(error) => shown(context, problems(error.into(), "password")?).await,
    }
}

/// `POST /invitation/link`: a mailed link signs in and comes back.
pub async fn ask_link(form: Form) -> Shown {
    form.only(&["email", "password"])?;
    let context = &form.context;
    let Some(email) = invited_email(context).await? else { return shown(context, Problems::default()).await };
    let mark = context.mark();
    context.app().ask_link(&email, &mark, &context.origin).await?;
    Ok(context.with_browser(
        context.done("/invitation", "A sign-in link is on its way to that address. It brings you back here."),
        &mark,
    ))
}

async fn invited_email(context: &Context) -> Result<Option<String>, PageError> {
    let token = context.invitation().unwrap_or_default();
    match context.app().look_at_invitation(&token, None).await? {
        LinkPage::Open(open) => Ok(Some(open.email.clone())),
        _ => Ok(None),
    }
}

/// `POST /invitation/switch`: signs out and comes back.
pub async fn switch(form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    if let (Some(caller), Some(session)) = (&context.caller, context.session()) {
        context.app().end_session(caller, session).await?;
    }
    Ok(context.without_session(Redirect::to("/invitation").into_response()))
}

/// `GET /invitation/decline`
pub async fn declining(context: Context) -> Shown {
    let token = context.invitation().unwrap_or_default();
    match context.app().look_at_invitation(&token, context.caller.as_ref()).await? {
        LinkPage::Open(open) if open.reader == Reader::Invited => {
            let state = InvitationState::Declining {
                offer: offer(&context, &open),
                form: context.form("/invitation/decline"),
                keep: "/invitation".into(),
            };
            view(&context, state)
        }
        _ => shown(&context, Problems::default()).await,
    }
}

/// `POST /invitation/decline`
pub async fn decline(form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let token = context.invitation().unwrap_or_default();
    let acted = context.app().decline(context.caller()?, &token).await?;
    let answer = view(context, InvitationState::Declined { workspace: acted.state.name.to_string() })?;
    Ok(context.without_invitation(answer))
}
