//! The team page: members and invitations in one table, as the model has them.

use std::collections::HashMap;

use axum::extract::Path;
use bailiwick_app::look::Team;
use bailiwick_app::rows::MailState;
use bailiwick_core::access::snapshot::NEVER;
use bailiwick_core::ids::{InvitationId, MemberId};
use bailiwick_core::team::state::{Access, Invitation, Member, Stage};
use bailiwick_core::time::Timestamp;

use super::access::{actor_name, in_words, name_of};
use super::context::{Context, Shown, workspace_id};
use super::outcome;
use super::say::when;
use crate::ui::kit::{Action, Choice, Filters, Link, Mark, MenuItem, Pager, Select, Status};
use crate::ui::pages::team::{Alone, Below, Cell, Column, Group, Order, Row, Sort, Tab, TeamView, page};

/// How many rows a page shows.
const ROWS: usize = 50;

/// What the reader may do; controls that are not allowed are absent.
struct Rights {
    invite: bool,
    edit: bool,
    suspend: bool,
    remove: bool,
    resend: bool,
    cancel: bool,
    templates: bool,
}

/// The query of the page: filters, order, page.
struct Asked(HashMap<String, String>);

impl Asked {
    fn of(context: &Context) -> Self {
        let query = context.uri.query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn is_filtered(&self) -> bool {
        ["q", "status", "role", "template"].iter().any(|n| !self.get(n).is_empty())
    }

    fn page(&self) -> usize {
        self.get("page").parse().unwrap_or(1).clamp(1, 100_000)
    }

    /// The address of this list with one thing changed.
    fn with(&self, base: &str, name: &str, value: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for known in ["q", "status", "role", "template", "sort", "page"] {
            let text = if known == name { value } else { self.get(known) };
            let first_page = known == "page" && name != "page";
            if !text.is_empty() && !first_page {
                query.append_pair(known, text);
            }
        }
        let query = query.finish();
        if query.is_empty() { format!("{base}/team") } else { format!("{base}/team?{query}") }
    }
}

/// `GET /w/{workspace}/team`
pub async fn team(context: Context, Path(workspace): Path<String>) -> Shown {
    let id = workspace_id(&workspace)?;
    let caller = context.caller()?;
    let team = context.app().team(caller, id).await?;
    context.app().enter(caller, id).await?;
    let app = context.app();
    let rights = Rights {
        invite: app.may(caller, id, |a| a.invite).await?,
        edit: app.may(caller, id, |a| a.change_access).await?,
        suspend: team.state.model.suspension && app.may(caller, id, |a| a.suspend).await?,
        remove: app.may(caller, id, |a| a.remove).await?,
        resend: app.may(caller, id, |a| a.resend).await?,
        cancel: app.may(caller, id, |a| a.cancel).await?,
        templates: team.state.model.templates.is_some() && app.may(caller, id, |a| a.manage_templates).await?,
    };
    let view = view(&context, &team, &rights).await?;
    Ok(context.html(page(&view)))
}

async fn view(context: &Context, team: &Team, rights: &Rights) -> Result<TeamView, super::errors::PageError> {
    let state = &team.state;
    let words = &state.model.words;
    let base = format!("/w/{}", state.id);
    let asked = Asked::of(context);
    let (members, invitations) = (members(team, &asked), invitations(team, &asked));
    let first = (asked.page() - 1) * ROWS;
    let shown: Vec<_> = members.iter().skip(first).take(ROWS).collect();
    let limit = if rights.invite { outcome::limit(team, &base) } else { None };
    let seats_at_invitation = state.model.seats.taken_at == bailiwick_core::access::model::TakenAt::Invitation;
    let full = limit.is_some() && seats_at_invitation;
    let alone = members.len() + invitations.len() == 1 && rights.invite && !asked.is_filtered();
    Ok(TeamView {
        shell: context.in_workspace(&words.page, state).await?,
        title: words.page.clone(),
        about: words.about.replace("{workspace}", &state.name),
        invite: rights.invite.then(|| Action {
            label: words.invite.clone(),
            href: format!("{base}/team/invite"),
            off: full.then(|| {
                format!("All seats are in use. Remove {} you no longer need, or upgrade the plan.", words.people)
            }),
        }),
        actions: if rights.templates {
            vec![Link::new(&format!("New {}", words.template.to_lowercase()), &format!("{base}/templates/new"))]
        } else {
            Vec::new()
        },
        tabs: tabs(team, rights, &base),
        seats: outcome::seats(state.seats()),
        limit,
        filters: Some(filters(team, &asked, &base)),
        columns: columns(team, &asked, &base),
        who: Column { label: "Name and email".into(), short: String::new(), sort: Some(sort(&asked, &base, "name")) },
        groups: groups(context, team, rights, &invitations, &shown, members.len()),
        none_found: (members.is_empty() && invitations.is_empty())
            .then(|| format!("No {} fit these filters.", words.people)),
        alone: alone.then(|| first_steps(team, &base)),
        help: !invitations.is_empty() && rights.resend,
        pager: pager(&asked, &base, first, shown.len(), members.len()),
    })
}

fn tabs(team: &Team, rights: &Rights, base: &str) -> Vec<Tab> {
    let count = |n: usize| u32::try_from(n).ok();
    let people = Tab {
        label: bailiwick_core::access::say::capital(&team.state.model.words.people),
        href: format!("{base}/team"),
        count: None,
        current: true,
    };
    if !rights.templates {
        return Vec::new();
    }
    let templates = Tab {
        label: team.state.model.words.templates.clone(),
        href: format!("{base}/templates"),
        count: count(team.state.templates.len()),
        current: false,
    };
    vec![people, templates]
}

fn filters(team: &Team, asked: &Asked, base: &str) -> Filters {
    let state = &team.state;
    let choice = |value: &str, label: &str, name: &str| Choice::new(value, label, asked.get(name) == value);
    let mut status =
        vec![choice("", "All", "status"), choice("active", "Active", "status"), choice("invited", "Invited", "status")];
    if state.model.suspension {
        status.push(choice("suspended", "Suspended", "status"));
    }
    let roles = state.model.roles.iter().map(|r| choice(&r.name, &r.title, "role"));
    let mut selects = vec![
        Select::new("status", "Status", status),
        Select::new("role", &state.model.words.role, std::iter::once(choice("", "All", "role")).chain(roles).collect()),
    ];
    if state.model.templates.is_some() {
        let mut named: Vec<_> = state.templates.iter().map(|(id, t)| (id.to_string(), t.name.to_string())).collect();
        named.sort_by_key(|(_, name)| name.to_lowercase());
        let each = named.iter().map(|(id, name)| choice(id, name, "template"));
        selects.push(Select::new(
            "template",
            &state.model.words.template,
            std::iter::once(choice("", "All", "template")).chain(each).collect(),
        ));
    }
    Filters {
        action: format!("{base}/team"),
        search: Some(asked.get("q").to_owned()),
        selects,
        days: Vec::new(),
        keep: if asked.get("sort").is_empty() { Vec::new() } else { vec![("sort".into(), asked.get("sort").into())] },
        clear: asked.is_filtered().then(|| format!("{base}/team")),
    }
}

fn sort(asked: &Asked, base: &str, by: &str) -> Sort {
    let falling = format!("-{by}");
    let (order, next) = match asked.get("sort") {
        now if now == by => (Order::Rising, falling.as_str()),
        now if now == falling => (Order::Falling, by),
        _ => (Order::None, by),
    };
    Sort { href: asked.with(base, "sort", next), order }
}

fn columns(team: &Team, asked: &Asked, base: &str) -> Vec<Column> {
    let model = &team.state.model;
    let plain = |label: &str, short: &str| Column { label: label.into(), short: short.into(), sort: None };
    let mut columns = vec![plain(&model.words.role, "")];
    if model.templates.is_some() {
        columns.push(plain(&model.words.template, ""));
    }
    columns.push(plain("Status", ""));
    if !model.kinds.is_empty() {
        columns.push(plain(&model.words.access, ""));
    }
    columns.extend(model.toggles.iter().map(|t| plain(&t.title, &t.title)));
    columns.push(Column {
        sort: Some(sort(asked, base, "seen")),
        ..plain(&model.words.last_seen, &model.words.last_seen)
    });
    columns
}

fn members<'a>(team: &'a Team, asked: &Asked) -> Vec<(MemberId, &'a Member)> {
    let q = asked.get("q").trim().to_lowercase();
    let mut rows: Vec<(MemberId, &Member)> = team
        .state
        .members
        .iter()
        .filter(|(_, m)| {
            let status = if m.suspended_at.is_some() { "suspended" } else { "active" };
            let email = team.addresses.get(&m.address).map_or("", String::as_str);
            (asked.get("status").is_empty() || asked.get("status") == status)
                && fits(team, asked, &m.access)
                && (q.is_empty()
                    || name_of(team, m.person).to_lowercase().contains(&q)
                    || email.to_lowercase().contains(&q))
        })
        .map(|(id, m)| (*id, m))
        .collect();
    let seen = |m: &Member| team.entered.get(&m.person).copied().unwrap_or(Timestamp(i64::MIN));
    match asked.get("sort") {
        "name" => rows.sort_by_cached_key(|(_, m)| name_of(team, m.person).to_lowercase()),
        "-name" => rows.sort_by_cached_key(|(_, m)| std::cmp::Reverse(name_of(team, m.person).to_lowercase())),
        "seen" => rows.sort_by_key(|(_, m)| seen(m)),
        _ => rows.sort_by_key(|(_, m)| std::cmp::Reverse(seen(m))),
    }
    rows
}

fn invitations<'a>(team: &'a Team, asked: &Asked) -> Vec<(InvitationId, &'a Invitation)> {
    let q = asked.get("q").trim().to_lowercase();
    let mut rows: Vec<(InvitationId, &Invitation)> = team
        .state
        .invitations
        .iter()
        .filter(|(_, i)| {
            let email = team.addresses.get(&i.address).map_or("", String::as_str);
            i.stage.is_open()
                && (asked.get("status").is_empty() || asked.get("status") == "invited")
                && fits(team, asked, &i.access)
                && (q.is_empty() || email.to_lowercase().contains(&q))
        })
        .map(|(id, i)| (*id, i))
        .collect();
    rows.sort_by_key(|(_, i)| std::cmp::Reverse(i.sent_at));
    rows
}

fn fits(team: &Team, asked: &Asked, access: &Access) -> bool {
    let role = asked.get("role");
    let template = asked.get("template");
    (role.is_empty() || *team.state.model.role(access.role).name == *role)
        && (template.is_empty() || access.template.is_some_and(|id| id.to_string() == template))
}

fn groups(
    context: &Context,
    team: &Team,
    rights: &Rights,
    invitations: &[(InvitationId, &Invitation)],
    shown: &[&(MemberId, &Member)],
    members: usize,
) -> Vec<Group> {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut groups = Vec::new();
    if !invitations.is_empty() {
        let rows = invitations.iter().map(|(id, i)| invitation_row(context, team, rights, *id, i)).collect();
        groups.push(Group { title: "Pending invitations".into(), count: count(invitations.len()), rows });
    }
    if !shown.is_empty() {
        let rows = shown.iter().map(|(id, m)| member_row(context, team, rights, *id, m)).collect();
        let title = if groups.is_empty() {
            String::new()
        } else {
            bailiwick_core::access::say::capital(&team.state.model.words.people)
        };
        groups.push(Group { title, count: count(members), rows });
    }
    groups
}

fn member_row(context: &Context, team: &Team, rights: &Rights, id: MemberId, member: &Member) -> Row {
    let state = &team.state;
    let words = &state.model.words;
    let href = format!("/w/{}/team/{id}", state.id);
    let reach = reach(context, team);
    let managed = reach.is_some_and(|r| state.model.role(r).may_manage(member.access.role));
    let own = context.caller.as_ref().and_then(bailiwick_app::Caller::person) == Some(member.person);
    let mut items = vec![MenuItem::link("Access and history", &href)];
    if managed {
        if rights.suspend {
            items.push(if member.suspended_at.is_some() {
                MenuItem::post("Reactivate", context.form_on(&format!("{href}/reactivate"), member.version))
            } else {
                MenuItem::link("Suspend", &format!("{href}/suspend"))
            });
        }
        if rights.remove {
            items.push(MenuItem::Rule);
            items.push(MenuItem::danger(&words.remove, &format!("{href}/remove")));
        }
    }
    Row {
        name: name_of(team, member.person),
        href: Some(href.clone()),
        below: Below::Line(team.addresses.get(&member.address).cloned().unwrap_or_default()),
        invited: false,
        badges: if own { vec!["You".into()] } else { Vec::new() },
        cells: cells(
            team,
            &member.access,
            member_status(member, context.app().clock.now()),
            seen(context, team, member),
        ),
        edit: (managed && rights.edit).then(|| Link::new("Edit", &format!("{href}/edit"))),
        menu: items,
    }
}

/// The role by which the reader manages others; none for who has no row here.
fn reach(context: &Context, team: &Team) -> Option<bailiwick_core::access::model::RoleIx> {
    let person = context.caller.as_ref()?.person()?;
    team.state.member_of(person).map(|(_, m)| m.access.role)
}

/// The status of a member.
pub fn member_status(member: &Member, now: Timestamp) -> Status {
    if member.suspended_at.is_some() {
        return Status::new(Mark::Suspended, "Suspended");
    }
    match member.access.until.unwrap_or(NEVER) {
        until if until <= now => Status::new(Mark::Warned, "Ended"),
        _ => Status::new(Mark::Active, "Active"),
    }
}

fn seen(context: &Context, team: &Team, member: &Member) -> Cell {
    match team.entered.get(&member.person) {
        Some(at) => Cell::When(when(*at, context.app().clock.now())),
        None => Cell::Quiet("Never".into()),
    }
}

fn invitation_row(context: &Context, team: &Team, rights: &Rights, id: InvitationId, invitation: &Invitation) -> Row {
    let state = &team.state;
    let href = format!("/w/{}/team/invitations/{id}", state.id);
    let managed = reach(context, team).is_some_and(|r| state.model.role(r).may_manage(invitation.access.role));
    let mut items = Vec::new();
    if managed && rights.resend {
        items.push(MenuItem::post("Resend invite", context.form_on(&format!("{href}/resend"), invitation.version)));
    }
    if managed && rights.cancel {
        let label = if state.model.invitations.as_rows { &state.model.words.remove } else { "Cancel invitation" };
        items.push(MenuItem::danger(label, &format!("{href}/cancel")));
    }
    let mut sent = when(invitation.sent_at, context.app().clock.now());
    sent.relative = sent.relative.replace("Now", "just now").replace("Yesterday", "yesterday");
    Row {
        name: team.addresses.get(&invitation.address).cloned().unwrap_or_else(|| "An erased address".into()),
        href: None,
        below: Below::Sent(sent, actor_name(team, invitation.sender)),
        invited: true,
        badges: Vec::new(),
        cells: cells(
            team,
            &invitation.access,
            invitation_status(team, id, invitation, context.app().clock.now()),
            Cell::Quiet("Never".into()),
        ),
        edit: (managed && rights.edit).then(|| Link::new("Edit", &format!("{href}/edit"))),
        menu: items,
    }
}

/// The status of an open invitation, with what became of its mail.
pub fn invitation_status(team: &Team, id: InvitationId, invitation: &Invitation, now: Timestamp) -> Status {
    let word = if team.state.model.invitations.as_rows { "Invited" } else { "Pending" };
    let expired = match invitation.stage {
        Stage::Pending { expires_at } => expires_at <= now,
        _ => true,
    };
    match team.mails.get(&id) {
        _ if expired && team.state.model.invitations.as_rows => Status::new(Mark::Warned, "Invited, link expired"),
        _ if expired => Status::new(Mark::Warned, "Expired"),
        Some(MailState::Undelivered) => Status::new(Mark::Warned, &format!("{word}, mail undelivered")),
        _ => Status::new(Mark::Waiting, word),
    }
}

fn cells(team: &Team, access: &Access, status: Status, seen: Cell) -> Vec<Cell> {
    let model = &team.state.model;
    let role = model.role(access.role);
    let mut cells = vec![Cell::Text(role.title.clone())];
    if model.templates.is_some() {
        let template = access.template.and_then(|id| team.state.templates.get(&id));
        cells.push(template.map_or_else(|| Cell::Quiet("None".into()), |t| Cell::Text(t.name.to_string())));
    }
    cells.push(Cell::Status(status));
    if !model.kinds.is_empty() {
        let words = in_words(&team.state, access);
        cells.push(if words.is_empty() { Cell::Quiet("None".into()) } else { Cell::Text(words) });
    }
    for (ix, toggle) in model.toggles.iter().enumerate() {
        let switchable = u8::try_from(ix).is_ok_and(|i| role.toggles.has(bailiwick_core::access::model::ToggleIx(i)));
        let on = u8::try_from(ix).is_ok_and(|i| access.toggles.has(bailiwick_core::access::model::ToggleIx(i)));
        let by_role = toggle.set.is_within(role.grants[usize::from(team.state.plan.0)]);
        cells.push(match (by_role, switchable, on) {
            (true, _, _) => Cell::Because("Always".into(), format!("{} always has it", role.title)),
            (false, true, true) => Cell::Text("On".into()),
            _ => Cell::Quiet("Off".into()),
        });
    }
    cells.push(seen);
    cells
}

fn first_steps(team: &Team, base: &str) -> Alone {
    let words = &team.state.model.words;
    Alone {
        title: "Nobody else is here yet".into(),
        steps: vec![
            ("Invite".into(), "Write one address or many; each gets a mail with a link.".into()),
            (
                "Choose what they may do".into(),
                "A role, and what goes with it. You see it in a sentence before you send.".into(),
            ),
            ("They join".into(), "One click in the mail, and they are in with exactly that.".into()),
        ],
        first: Some(Link::new(&words.invite, &format!("{base}/team/invite"))),
    }
}

fn pager(asked: &Asked, base: &str, first: usize, shown: usize, all: usize) -> Pager {
    if all <= ROWS {
        return Pager::default();
    }
    let page = asked.page();
    let to = |n: usize| asked.with(base, "page", &n.to_string());
    Pager {
        says: format!("{} to {} of {all}", first + 1, first + shown),
        back: (page > 1).then(|| Link::new("Previous", &to(page - 1))),
        on: (first + shown < all).then(|| Link::new("Next", &to(page + 1))),
    }
}
