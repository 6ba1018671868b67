//! A request for a page: who asks, from where, with which cookies; and the shell around the answer.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use bailiwick_app::caller::Who;
use bailiwick_app::mail::sink::Sink;
use bailiwick_app::rows::Origin;
use bailiwick_app::{App, AppError, Caller};
use bailiwick_core::ids::{SessionId, WorkspaceId};
use bailiwick_core::team::state::Workspace;
use maud::Markup;

use super::errors::PageError;
use crate::credentials;
use crate::ui::form::FormMeta;
use crate::ui::icons::Icon;
use crate::ui::shell::{Brand, Me, MenuEntry, MenuGroup, Notice, Shell, WorkspaceEntry};

/// What all page handlers share.
pub struct Web {
    /// The service.
    pub app: Arc<App>,
    /// Where the demo's mail arrives.
    pub mailbox: Option<Arc<Sink>>,
}

/// What a page handler gives.
pub type Shown = Result<Response, PageError>;

/// A request for a page.
pub struct Context {
    pub web: Arc<Web>,
    /// Who is signed in.
    pub caller: Option<Caller>,
    /// From where.
    pub origin: Origin,
    /// The host that was asked, as `name.localhost:8080`.
    pub host: String,
    /// The address that was asked.
    pub uri: Uri,
    headers: HeaderMap,
}

/// The cookie that holds a session.
const SESSION: &str = "bailiwick";
/// The cookie that tells one browser from another before sign-in; mailed links work only where it is.
const BROWSER: &str = "bailiwick_browser";
/// The cookie that holds an invitation's secret, away from the address bar (AB-041).
const INVITATION: &str = "bailiwick_invitation";
/// The cookie that carries one notice to the next page.
const NOTICE: &str = "bailiwick_notice";

impl FromRequestParts<Arc<Web>> for Context {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, PageError> {
        Self::of(web, &parts.headers, &parts.uri, &parts.extensions).await
    }
}

impl Context {
    /// Reads a request.
    pub async fn of(
        web: &Arc<Web>,
        headers: &HeaderMap,
        uri: &Uri,
        extensions: &Extensions,
    ) -> Result<Self, PageError> {
        let origin = credentials::origin(headers, extensions, &web.app.config.proxies);
        let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let caller = match credentials::session_cookie(headers, credentials::is_https(&web.app)) {
            Some(cookie) => match web.app.session_caller(cookie, Some(origin.clone())).await {
                Ok(caller) => Some(caller),
                Err(AppError::NotSignedIn) => None,
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        Ok(Self { web: Arc::clone(web), caller, origin, host, uri: uri.clone(), headers: headers.clone() })
    }

    /// The service.
    pub fn app(&self) -> &App {
        &self.web.app
    }

    /// Who is signed in, or the way to sign in.
    pub fn caller(&self) -> Result<&Caller, PageError> {
        self.caller.as_ref().ok_or_else(|| AppError::NotSignedIn.into())
    }

    /// The session in use.
    pub fn session(&self) -> Option<SessionId> {
        match self.caller.as_ref()?.who {
            Who::Person { session, .. } => Some(session),
            _ => None,
        }
    }

    /// A cookie of ours, if it looks like one.
    fn cookie(&self, name: &str) -> Option<String> {
        let fine = |v: &&str| {
            !v.is_empty() && v.len() <= 400 && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.%".contains(&b))
        };
        credentials::cookie(&self.headers, name).filter(fine).map(str::to_owned)
    }

    /// Over https a cookie's name says that it is bound to this host; over http on this machine it cannot.
    fn name(&self, name: &str) -> String {
        if self.is_https() { format!("__Host-{name}") } else { name.to_owned() }
    }

    fn is_https(&self) -> bool {
        credentials::is_https(self.app())
    }

    fn set(&self, name: &str, value: &str, seconds: i64) -> HeaderValue {
        let secure = if self.is_https() { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}", self.name(name));
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }

    /// Sets the session cookie on an answer.
    pub fn with_session(&self, to: Response, token: &str) -> Response {
        self.with_cookie(to, SESSION, token, i64::from(bailiwick_app::signin::ABSOLUTE_DAYS) * 86_400)
    }

    /// Takes the session cookie away.
    pub fn without_session(&self, to: Response) -> Response {
        self.with_cookie(to, SESSION, "", 0)
    }

    /// The secret of the invitation that this browser came by.
    pub fn invitation(&self) -> Option<String> {
        self.cookie(&self.name(INVITATION))
    }

    /// Keeps the secret of an invitation in this browser for an hour.
    pub fn with_invitation(&self, to: Response, token: &str) -> Response {
        self.with_cookie(to, INVITATION, token, 3600)
    }

    /// Forgets the invitation.
    pub fn without_invitation(&self, to: Response) -> Response {
        self.with_cookie(to, INVITATION, "", 0)
    }

    fn with_cookie(&self, mut to: Response, name: &str, value: &str, seconds: i64) -> Response {
        to.headers_mut().append(header::SET_COOKIE, self.set(name, value, seconds));
        to
    }

    /// What tells this browser from others before sign-in; made by the answer if it has none yet.
    pub fn browser(&self) -> Option<String> {
        self.cookie(&self.name(BROWSER))
    }

    /// Gives this browser its mark, unless it has one.
    pub fn with_browser(&self, to: Response, mark: &str) -> Response {
        if self.browser().is_some() { to } else { self.with_cookie(to, BROWSER, mark, 86_400) }
    }

    /// The browser's mark, or a fresh one.
    pub fn mark(&self) -> String {
        self.browser().unwrap_or_else(|| self.app().fresh_mark())
    }

    /// The token that forms of this page carry.
    pub fn form_token(&self, mark: &str) -> String {
        self.app().form_token(&self.cookie(&self.name(SESSION)).unwrap_or_else(|| mark.to_owned()))
    }

    /// Whether a form's token belongs to this browser.
    pub fn token_fits(&self, token: &str) -> bool {
        let known = [self.cookie(&self.name(SESSION)), self.browser()];
        known.into_iter().flatten().any(|c| self.app().is_form_token(&c, token))
    }

    /// A form that posts there.
    pub fn form(&self, action: &str) -> FormMeta {
        FormMeta {
            action: action.to_owned(),
            csrf: self.form_token(&self.mark()),
            version: None,
            command: self.app().command_id().to_string(),
        }
    }

    /// A form on an object of a version.
    pub fn form_on(&self, action: &str, version: u64) -> FormMeta {
        FormMeta { version: Some(version), ..self.form(action) }
    }

    /// A redirect after a change, with a notice for the next page.
    pub fn done(&self, to: &str, notice: &str) -> Response {
        let coded: String = form_urlencoded::byte_serialize(notice.as_bytes()).collect();
        self.with_cookie(Redirect::to(to).into_response(), NOTICE, &coded.replace('+', "%20"), 30)
    }

    fn notice(&self) -> Option<Notice> {
        let coded = self.cookie(&self.name(NOTICE))?;
        let text = form_urlencoded::parse(format!("n={coded}").as_bytes()).next().map(|(_, v)| v.into_owned())?;
        Some(Notice { text, undo: None })
    }

    /// An answer of HTML; a notice that it showed is shown once.
    pub fn html(&self, page: Markup) -> Response {
        self.html_posting_to(page, "")
    }

    /// An answer of HTML whose forms may also lead to another origin: the host's, after sign-in.
    pub fn html_posting_to(&self, page: Markup, origin: &str) -> Response {
        let mut answer = Html(page.into_string()).into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy(origin));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.cookie(&self.name(NOTICE)).is_some() {
            answer = self.with_cookie(answer, NOTICE, "", 0);
        }
        answer
    }

    /// No scripts, no frames, nothing from elsewhere. In the demo each person has a host name of their own, so its
    /// forms lead to any of them.
    fn policy(&self, origin: &str) -> HeaderValue {
        let port = self.host.rsplit_once(':').map_or("", |(_, port)| port);
        let demo = if self.app().config.demo {
            format!(" http://localhost:{port} http://*.localhost:{port}")
        } else {
            String::new()
        };
        let text = format!(
            "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self' {origin}{demo}; \
             base-uri 'none'; frame-ancestors 'none'"
        );
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }

    /// The shell of a page where nobody needs to be signed in.
    pub fn outside(&self, title: &str) -> Shell {
        let brand = self.app().installation().products.first().map(|p| p.brand.clone()).unwrap_or_default();
        Shell {
            lang: "en".into(),
            title: title.into(),
            brand: Brand { name: brand, theme: None, logo: None },
            notice: self.notice(),
            demo_banner: self.app().config.demo,
            ..Shell::default()
        }
    }

    /// The shell of a person's own pages.
    pub async fn inside(&self, title: &str) -> Result<Shell, PageError> {
        let caller = self.caller()?;
        let me = self.app().me(caller).await?;
        let workspaces = self.app().my_workspaces(caller).await?;
        let entry = |label: &str, href: &str, icon| MenuEntry {
            group: MenuGroup::You,
            label: label.into(),
            href: href.into(),
            icon,
            current: self.uri.path() == href,
        };
        let mut shell = self.outside(title);
        shell.me = Some(Me { name: me.name, email: me.email, sign_out: self.form("/sign-out") });
        shell.workspaces = workspaces
            .iter()
            .map(|w| WorkspaceEntry { name: w.name.clone(), href: format!("/w/{}", w.workspace), current: false })
            .collect();
        shell.menu = vec![entry("Workspaces", "/", Icon::Squares), entry("Account", "/account", Icon::Person)];
        Ok(shell)
    }

    /// The shell of a page in a workspace; its menu holds what this person may open.
    pub async fn in_workspace(&self, title: &str, state: &Workspace) -> Result<Shell, PageError> {
        let caller = self.caller()?;
        let base = format!("/w/{}", state.id);
        let mut shell = self.inside(title).await?;
        shell.workspace = Some(state.name.to_string());
        let mut menu = Vec::new();
        let mut add = |label: &str, at: &str, icon: Icon, group| {
            let href = format!("{base}{at}");
            let current = if at.is_empty() { self.uri.path() == href } else { self.uri.path().starts_with(&href) };
            menu.push(MenuEntry { group, label: label.into(), href, icon, current });
        };
        let sees_team = self.app().may(caller, state.id, |a| a.view_team).await?;
        if sees_team {
            add(&state.model.words.menu, "/team", Icon::People, MenuGroup::Workspace);
        }
        if state.model.templates.is_some() && self.app().may(caller, state.id, |a| a.manage_templates).await? {
            add(&state.model.words.templates, "/templates", Icon::Template, MenuGroup::Workspace);
        }
        if let Some(kind) = state.model.kinds.first().filter(|_| sees_team) {
            add(&kind.plural, "/resources", Icon::Cube, MenuGroup::Workspace);
        }
        if self.app().may(caller, state.id, |a| a.view_log).await? {
            add("Audit log", "/audit", Icon::List, MenuGroup::Workspace);
        }
        add("Your access", "", Icon::Key, MenuGroup::You);
        shell.menu.retain(|entry| entry.href == "/account");
        menu.append(&mut shell.menu);
        shell.menu = menu;
        for entry in &mut shell.workspaces {
            entry.current = entry.href == base;
        }
        Ok(shell)
    }
}

/// A workspace id of an address; anything else is not there.
pub fn workspace_id(text: &str) -> Result<WorkspaceId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

/// Any id of an address.
pub fn id<T: std::str::FromStr>(text: &str) -> Result<T, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}
