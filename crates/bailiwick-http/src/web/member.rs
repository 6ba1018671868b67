//! The panel of one member: access, why, history.

use axum::extract::Path;
use bailiwick_app::look::{Question, ResourceName, Team};
use bailiwick_app::rows::LogFilter;
use bailiwick_core::access::check::Decision;
use bailiwick_core::access::say::{capital, sentence};
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::{MemberId, ResourceId};
use bailiwick_core::team::state::Member;

use super::access::{actor_name, in_words, name_of};
use super::audit::entries;
use super::context::{Context, Shown, id, workspace_id};
use super::edit::member_of;
use super::errors::PageError;
use super::home::{group_lines, resource_lines};
use super::say::{day, when};
use crate::ui::kit::{Choice, Link, MenuItem, Select};
use crate::ui::pages::member::{MemberView, Why, WhyAnswer, page};

/// How many changes of a member the panel shows.
const HISTORY: usize = 10;

/// `GET /w/{workspace}/team/{member}`
pub async fn panel(context: Context, Path((workspace, member)): Path<(String, String)>) -> Shown {
    let caller = context.caller()?;
    let workspace = workspace_id(&workspace)?;
    let team = context.app().team(caller, workspace).await?;
    let member_id: MemberId = id(&member)?;
    let member = member_of(&team, member_id)?;
    let now = context.app().clock.now();
    let snapshot = Snapshot::compile(&team.state);
    let name = name_of(&team, member.person);
    let base = format!("/w/{workspace}/team");
    let mut access = group_lines(&team.state, &snapshot, member.person, now);
    access.extend(resource_lines(&team.state, &snapshot, member.person, now));
    let sees_log = context.app().may(caller, workspace, |a| a.view_log).await?;
    let view = MemberView {
        shell: context.in_workspace(&name, &team.state).await?,
        back: Link::new(&team.state.model.words.page, &base),
        email: team.addresses.get(&member.address).cloned().unwrap_or_default(),
        badges: if caller.person() == Some(member.person) { vec!["You".into()] } else { Vec::new() },
        status: super::team::member_status(member, now),
        facts: facts(&context, &team, member),
        waits: Vec::new(),
        access,
        missing: missing(&team, member),
        why: Some(why(&context, &team, member_id, member, &name).await?),
        history: if sees_log { history(&context, &team, member_id).await? } else { Vec::new() },
        all_history: sees_log.then(|| Link::new("All entries", &format!("/w/{workspace}/audit?about={member_id}"))),
        actions: actions(&context, &team, member_id, member).await?,
        name,
    };
    Ok(context.html(page(&view)))
}

fn facts(context: &Context, team: &Team, member: &Member) -> Vec<(String, String)> {
    let model = &team.state.model;
    let now = context.app().clock.now();
    let mut facts = vec![(model.words.role.clone(), model.role(member.access.role).title.clone())];
    if let Some(template) = member.access.template.and_then(|t| team.state.templates.get(&t)) {
        facts.push((team.state.model.words.template.clone(), template.name.to_string()));
    }
    if !model.kinds.is_empty() {
        facts.push((model.words.access.clone(), in_words(&team.state, &member.access)));
    }
    facts.push(("Joined".into(), day(member.joined_at)));
    if let Some(actor) = member.invited_by {
        facts.push(("Invited by".into(), actor_name(team, actor)));
    }
    let seen = team.entered.get(&member.person).map_or_else(|| "Never".into(), |at| when(*at, now).relative);
    facts.push((model.words.last_seen.clone(), seen));
    facts
}

/// Resources that were assigned and are gone (E28).
fn missing(team: &Team, member: &Member) -> Vec<String> {
    let gone = member
        .access
        .grants
        .each
        .keys()
        .filter_map(|r| team.state.resources.get(r))
        .filter_map(|r| Some((r, r.deleted_at?)));
    gone.map(|(r, at)| format!("{} was deleted on {}.", r.name, day(at))).collect()
}

async fn why(context: &Context, team: &Team, id: MemberId, member: &Member, name: &str) -> Result<Why, PageError> {
    let state = &team.state;
    let query = context.uri.query().unwrap_or_default();
    let of = |wanted: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(n, _)| n == wanted)
            .map(|(_, v)| v.into_owned())
            .unwrap_or_default()
    };
    let (action, resource) = (of("action"), of("resource"));
    let actions = state.model.permissions.iter().map(|p| Choice::new(&p.name, &capital(&p.says), *p.name == *action));
    let mut live: Vec<_> = state.resources.iter().collect();
    live.sort_by_key(|(_, r)| r.name.to_lowercase());
    let named = live.into_iter().map(|(id, r)| {
        let label = if r.deleted_at.is_some() { format!("{} (deleted)", r.name) } else { r.name.to_string() };
        Choice::new(&id.to_string(), &label, id.to_string() == resource)
    });
    let resources = std::iter::once(Choice::new("", "None", resource.is_empty())).chain(named).collect();
    let answer = if action.is_empty() { None } else { answer(context, team, member, name, &action, &resource).await? };
    Ok(Why {
        href: format!("/w/{}/team/{id}", state.id),
        action: Select::new("action", "Action", actions.collect()),
        resource: (!state.model.kinds.is_empty()).then(|| Select::new("resource", "On", resources)),
        answer,
    })
}

async fn answer(
    context: &Context,
    team: &Team,
    member: &Member,
    name: &str,
    action: &str,
    resource: &str,
) -> Result<Option<WhyAnswer>, PageError> {
    let state = &team.state;
    let Some(permission) = state.model.permission(action) else { return Ok(None) };
    // A question about the workspace needs no resource, whatever stands in the other field.
    let on_resource = state.model.permission_def(permission).on.is_some();
    let named = (on_resource && !resource.is_empty()).then(|| ResourceName::parse(resource));
    let place = resource
        .parse()
        .ok()
        .and_then(|r: ResourceId| state.resources.get(&r))
        .map(|r| r.name.to_string())
        .filter(|_| on_resource);
    let question = Question {
        workspace: state.id,
        person: member.person,
        permission: action.to_owned(),
        resource: named,
        at_least: 0,
    };
    let decision = context.app().why(context.caller()?, &question, None).await?.decision;
    Ok(Some(WhyAnswer {
        allowed: decision.allowed(),
        sentence: sentence(&state.model, name, permission, place.as_deref(), &decision),
        reasons: match decision {
            Decision::Allow(reasons) if reasons.len() > 1 => {
                vec![format!("{} things grant it; taking one away leaves the others.", reasons.len())]
            }
            _ => Vec::new(),
        },
    }))
}

async fn history(context: &Context, team: &Team, id: MemberId) -> Result<Vec<crate::ui::kit::Entry>, PageError> {
    let filter = LogFilter { mentions: vec![id.to_string()], limit: HISTORY, ..LogFilter::default() };
    let (named, changes) = context.app().log(context.caller()?, team.state.id, filter).await?;
    let now = context.app().clock.now();
    Ok(changes.iter().flat_map(|e| entries(&named, e, now)).map(|(_, line)| line).collect())
}

async fn actions(context: &Context, team: &Team, id: MemberId, member: &Member) -> Result<Vec<MenuItem>, PageError> {
    let caller = context.caller()?;
    let app = context.app();
    let (state, words) = (&team.state, &team.state.model.words);
    let own = caller.person().and_then(|p| state.member_of(p)).map(|(_, m)| m.access.role);
    if !own.is_some_and(|r| state.model.role(r).may_manage(member.access.role)) {
        return Ok(Vec::new());
    }
    let base = format!("/w/{}/team/{id}", state.id);
    let mut items = Vec::new();
    if app.may(caller, state.id, |a| a.change_access).await? {
        items.push(MenuItem::link(&words.edit, &format!("{base}/edit")));
    }
    if state.model.suspension && app.may(caller, state.id, |a| a.suspend).await? {
        items.push(if member.suspended_at.is_some() {
            MenuItem::post("Reactivate", context.form_on(&format!("{base}/reactivate"), member.version))
        } else {
            MenuItem::link("Suspend", &format!("{base}/suspend"))
        });
    }
    if app.may(caller, state.id, |a| a.remove).await? {
        items.push(MenuItem::danger(&words.remove, &format!("{base}/remove")));
    }
    Ok(items)
}
