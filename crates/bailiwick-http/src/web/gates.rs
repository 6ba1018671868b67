//! Signing in and out.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect};
use bailiwick_app::AppError;
use bailiwick_app::error::SignInRefusal;
use bailiwick_app::host::allowed;
use bailiwick_app::signin::{LINK_MINUTES, SignedIn};

use super::context::{Context, Shown};
use super::errors::PageError;
use super::forms::{Form, one, problems};
use super::say::plural;
use crate::ui::form::{FormMeta, Problems};
use crate::ui::pages::sign_in::{SignInStep, SignInView, page};

/// Where to go after sign-in: `next` on this site, `return_to` of a host.
#[derive(Debug, Clone, Default)]
struct After {
    next: String,
    return_to: String,
}

impl After {
    fn of(context: &Context) -> Self {
        let query = context.uri.query().unwrap_or_default();
        let of = |name: &str| {
            let found = form_urlencoded::parse(query.as_bytes()).find(|(n, _)| n == name);
            found.map(|(_, v)| v.into_owned()).unwrap_or_default()
        };
        let mut after = Self { next: of("next"), return_to: of("return_to") };
        if !is_own_path(&after.next) {
            after.next.clear();
        }
        let products = &context.app().installation().products;
        if !products.iter().flat_map(|p| &p.return_to).any(|ok| allowed(ok, &after.return_to)) {
            after.return_to.clear();
        }
        after
    }

    fn on(&self, path: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("next", &self.next), ("return_to", &self.return_to)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// A path of this site and nothing that a browser could read as another's (AB-048).
fn is_own_path(path: &str) -> bool {
    let strange = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '@' | ':');
    path.starts_with('/') && !path.starts_with("//") && !path.chars().any(strange)
}

/// `GET /sign-in`
pub async fn sign_in_form(context: Context) -> Shown {
    let after = After::of(&context);
    if context.caller.is_some() {
        return go_on(&context, &after).await;
    }
    ask(&context, &after, "", Problems::default())
}

fn ask(context: &Context, after: &After, email: &str, problems: Problems) -> Shown {
    let mark = context.mark();
    let form = |action: &str| FormMeta {
        action: after.on(action),
        csrf: context.form_token(&mark),
        version: None,
        command: context.app().command_id().to_string(),
    };
    let step =
        SignInStep::Ask { form: form("/sign-in"), link: form("/sign-in/link"), email: email.to_owned(), problems };
    let view = SignInView { shell: context.outside("Sign in"), step };
    let shown = context.html_posting_to(page(&view), &origin_of(&after.return_to));
    Ok(context.with_browser(shown, &mark))
}

/// The origin of a return address: the browser follows the form there after sign-in.
fn origin_of(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return String::new() };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    format!("{scheme}://{host}")
}

/// `POST /sign-in`
pub async fn sign_in(form: Form) -> Shown {
    form.only(&["email", "password"])?;
    let (context, after) = (&form.context, After::of(&form.context));
    let (email, password) = (form.get("email")?, form.get("password")?);
    if email.trim().is_empty() {
        return ask(context, &after, email, one("email", "Write your address."));
    }
    match context.app().sign_in(email, password, &context.origin).await {
        Ok(signed_in) => entered(context, &after, &signed_in).await,
        Err(AppError::TooOften(seconds)) => wait(context, seconds),
        Err(error) => ask(context, &after, email, problems(error.into(), "password")?),
    }
}

/// Ends the session before, whoever's it was: a session known before sign-in opens nothing after it (AB-084).
async fn entered(context: &Context, after: &After, signed_in: &SignedIn) -> Shown {
    if let (Some(caller), Some(session)) = (&context.caller, context.session()) {
        context.app().end_session(caller, session).await?;
    }
    let onward = match hand_over(context, after, signed_in).await? {
        Some(address) => address,
        None if after.next.is_empty() => "/".to_owned(),
        None => after.next.clone(),
    };
    Ok(context.with_session(Redirect::to(&onward).into_response(), signed_in.token.reveal()))
}

async fn hand_over(context: &Context, after: &After, signed_in: &SignedIn) -> Result<Option<String>, PageError> {
    if after.return_to.is_empty() {
        return Ok(None);
    }
    let caller = context.app().session_caller(signed_in.token.reveal(), Some(context.origin.clone())).await?;
    Ok(context.app().hand_over(&caller, &after.return_to).await?)
}

async fn go_on(context: &Context, after: &After) -> Shown {
    if !after.return_to.is_empty()
        && let Some(address) = context.app().hand_over(context.caller()?, &after.return_to).await?
    {
        return Ok(Redirect::to(&address).into_response());
    }
    Ok(Redirect::to(if after.next.is_empty() { "/" } else { &after.next }).into_response())
}

fn wait(context: &Context, seconds: u32) -> Shown {
    let step = SignInStep::Wait { wait: super::say::length(i64::from(seconds)), again: "/sign-in".into() };
    let mut shown = context.html(page(&SignInView { shell: context.outside("Sign in"), step }));
    *shown.status_mut() = axum::http::StatusCode::TOO_MANY_REQUESTS;
    if let Ok(value) = seconds.to_string().parse() {
        shown.headers_mut().insert(axum::http::header::RETRY_AFTER, value);
    }
    Ok(shown)
}

/// `POST /sign-in/link`
pub async fn ask_link(form: Form) -> Shown {
    form.only(&["email", "password"])?;
    let context = &form.context;
    let email = form.get("email")?;
    let mark = context.mark();
    match context.app().ask_link(email, &mark, &context.origin).await {
        Err(AppError::TooOften(seconds)) => return wait(context, seconds),
        other => other?,
    }
    let step = SignInStep::LinkSent {
        email: email.trim().to_owned(),
        lasts: plural(i64::from(LINK_MINUTES), "minute"),
        again: "/sign-in".into(),
    };
    let shown = context.html(page(&SignInView { shell: context.outside("Look into your mail"), step }));
    Ok(context.with_browser(shown, &mark))
}

/// `GET /sign-in/link/{token}`: shows a button; looking signs nobody in (AB-042).
pub async fn link_opened(context: Context, Path(token): Path<String>) -> Shown {
    let browser = context.browser();
    match context.app().look_at_sign_in_link(&token, browser.as_deref()).await {
        Ok(()) => {
            let form = context.form(&format!("/sign-in/link/{token}"));
            let step = SignInStep::LinkOpened { form, masked: "your address".into() };
            Ok(context.html(page(&SignInView { shell: context.outside("Sign in"), step })))
        }
        Err(AppError::SignIn(refusal)) => dead(&context, refusal),
        Err(error) => Err(error.into()),
    }
}

fn dead(context: &Context, refusal: SignInRefusal) -> Shown {
    if refusal == SignInRefusal::OtherBrowser {
        let problems = Problems {
            refusal: Some(crate::ui::form::Refused {
                sentence: refusal.to_string(),
                remedy: "Open it there, or ask for a new one here.".into(),
                ways: Vec::new(),
            }),
            errors: Vec::new(),
        };
        return ask(context, &After::default(), "", problems);
    }
    let step = SignInStep::LinkDead { again: "/sign-in".into() };
    Ok(context.html(page(&SignInView { shell: context.outside("Sign in"), step })))
}

/// `POST /sign-in/link/{token}`
pub async fn use_link(Path(token): Path<String>, form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let browser = context.browser();
    match context.app().use_link(&token, browser.as_deref(), &context.origin).await {
        Ok(signed_in) => {
            // Who came by an invitation and proved the mailbox meanwhile goes on there.
            let next = if context.invitation().is_some() { "/invitation" } else { "" };
            entered(context, &After { next: next.into(), ..After::default() }, &signed_in).await
        }
        Err(AppError::SignIn(refusal)) => dead(context, refusal),
        Err(error) => Err(error.into()),
    }
}

/// `POST /sign-out`
pub async fn sign_out(form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    if let (Some(caller), Some(session)) = (&context.caller, context.session()) {
        context.app().end_session(caller, session).await?;
    }
    Ok(context.without_session(context.done("/sign-in", "You are signed out.")))
}

/// `GET /enter/{code}`: a person whom the host vouches for arrives; a button goes on.
pub async fn vouched(context: Context, Path(code): Path<String>) -> Shown {
    let form = context.form(&format!("/enter/{code}"));
    let step = SignInStep::LinkOpened { form, masked: "your account".into() };
    let mark = context.mark();
    let shown = context.html(page(&SignInView { shell: context.outside("Sign in"), step }));
    Ok(context.with_browser(shown, &mark))
}

/// `POST /enter/{code}`
pub async fn enter(Path(code): Path<String>, form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    match context.app().enter_vouched(&code, &context.origin).await {
        Ok(signed_in) => entered(context, &After::default(), &signed_in).await,
        Err(AppError::SignIn(refusal)) => dead(context, refusal),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ab048_next_is_a_path_of_this_site() {
        assert!(is_own_path("/w/wsp_1/team"));
        for bad in ["//evil.io", "https://evil.io", "/\\evil.io", "/ x", "javascript:alert(1)", "", "/a@b", "/\tx"] {
            assert!(!is_own_path(bad), "{bad}");
        }
    }
}
