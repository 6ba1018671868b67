//! One's own account: name, sessions.

use axum::extract::Path;
use bailiwick_app::rows::{SessionRow, SignedInBy};

use super::context::{Context, Shown, id};
use super::forms::{Form, problems};
use super::say::when;
use crate::ui::form::Problems;
use crate::ui::pages::account::{AccountView, Session, page};

/// `GET /account`
pub async fn account(context: Context) -> Shown {
    show(&context, None, Problems::default()).await
}

async fn show(context: &Context, typed: Option<&str>, problems: Problems) -> Shown {
    let caller = context.caller()?;
    let me = context.app().me(caller).await?;
    let mut sessions = context.app().own_sessions(caller).await?;
    sessions.sort_by_key(|s| (context.session() != Some(s.session), std::cmp::Reverse(s.created_at)));
    let view = AccountView {
        shell: context.inside("Account").await?,
        email: me.email,
        name: typed.map_or(me.name, str::to_owned),
        form: context.form("/account/name"),
        problems,
        end_others: (sessions.len() > 1).then(|| context.form("/account/sessions/end-others")),
        sessions: sessions.iter().map(|s| session(context, s)).collect(),
        sign_out: context.form("/sign-out"),
    };
    Ok(context.html(page(&view)))
}

fn session(context: &Context, row: &SessionRow) -> Session {
    let current = context.session() == Some(row.session);
    let how = match row.by {
        SignedInBy::Password => "Signed in by password",
        SignedInBy::Link => "Signed in by a mailed link",
        SignedInBy::Host => "Signed in by the product",
        SignedInBy::Demo => "Signed in by the demo",
    };
    Session {
        device: how.into(),
        from: String::new(),
        used: when(row.created_at, context.app().clock.now()),
        current,
        end: (!current).then(|| context.form(&format!("/account/sessions/{}/end", row.session))),
    }
}

/// `POST /account/name`
pub async fn rename(form: Form) -> Shown {
    form.only(&["name"])?;
    let context = &form.context;
    let name = form.get("name")?;
    match context.app().rename_me(context.caller()?, name).await {
        Ok(()) => Ok(context.done("/account", "Your name is saved.")),
        Err(error) => show(context, Some(name), problems(error.into(), "name")?).await,
    }
}

/// `POST /account/sessions/{session}/end`
pub async fn end_session(Path(session): Path<String>, form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    context.app().end_session(context.caller()?, id(&session)?).await?;
    Ok(context.done("/account", "That session is ended."))
}

/// `POST /account/sessions/end-others`
pub async fn end_others(form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let caller = context.caller()?;
    for other in context.app().own_sessions(caller).await? {
        if Some(other.session) != context.session() {
            context.app().end_session(caller, other.session).await?;
        }
    }
    Ok(context.done("/account", "All other sessions are ended."))
}
