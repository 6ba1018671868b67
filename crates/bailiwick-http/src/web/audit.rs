//! The log in words: from stored events to lines that a person reads.

use axum::extract::Path;
use bailiwick_app::look::Team;
use bailiwick_app::rows::{LogEntry, LogFilter};
use bailiwick_core::ids::{AddressId, MemberId, PersonId};
use bailiwick_core::team::command::Actor as Who;
use bailiwick_core::team::event::{Event, Removal};
use bailiwick_core::team::wire::AccessWire;
use bailiwick_core::time::Timestamp;

use super::access::{actor_name, name_of};
use super::context::{Context, Shown, workspace_id};
use super::say::{clock, day_head, when};
use crate::ui::icons::Icon;
use crate::ui::kit::{Actor, Choice, Delta, DeltaTable, Entry, Filters, Link, Pager, Select};
use crate::ui::pages::audit::{AuditView, Day, page};

/// How many changes a page shows.
const ROWS: usize = 50;

/// Kinds of events, as the filter groups them.
const GROUPS: [(&str, &str, &[&str]); 5] = [
    ("people", "Members", &["member_joined", "member_removed", "member_suspended", "member_reactivated"]),
    (
        "invitations",
        "Invitations",
        &[
            "invitation_sent",
            "invitation_resent",
            "invitation_edited",
            "invitation_expired",
            "invitation_cancelled",
            "invitation_accepted",
            "invitation_declined",
        ],
    ),
    ("access", "Access", &["access_changed", "grants_expired", "ownership_transferred"]),
    ("templates", "Role templates", &["template_created", "template_edited", "template_deleted"]),
    (
        "workspace",
        "Workspace",
        &[
            "workspace_created",
            "workspace_renamed",
            "workspace_deleted",
            "plan_changed",
            "model_changed",
            "resource_added",
            "resource_renamed",
            "resource_deleted",
        ],
    ),
];

/// `GET /w/{workspace}/audit`
pub async fn log(context: Context, Path(workspace): Path<String>) -> Shown {
    let id = workspace_id(&workspace)?;
    let query: Vec<(String, String)> =
        form_urlencoded::parse(context.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let of = |name: &str| query.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    let kinds = GROUPS.iter().find(|(value, _, _)| *value == of("kind")).map_or(&[][..], |(_, _, kinds)| kinds);
    let about: Option<MemberId> = of("about").parse().ok();
    let filter = LogFilter {
        actor: of("by").parse::<PersonId>().ok().map(Who::Person),
        kinds: kinds.iter().map(|k| (*k).to_owned()).collect(),
        mentions: about.map(|m| m.to_string()).into_iter().collect(),
        before_revision: of("before").parse().ok(),
        limit: ROWS,
        ..LogFilter::default()
    };
    let (team, entries) = context.app().log(context.caller()?, id, filter).await?;
    let now = context.app().clock.now();
    let base = format!("/w/{id}/audit");
    let older = (entries.len() == ROWS).then(|| entries.last().map(|e| e.revision)).flatten();
    let on = older.map(|revision| {
        let mut next = form_urlencoded::Serializer::new(String::new());
        for (name, value) in query.iter().filter(|(n, v)| n != "before" && !v.is_empty()) {
            next.append_pair(name, value);
        }
        next.append_pair("before", &revision.to_string());
        Link::new("Older", &format!("{base}?{}", next.finish()))
    });
    let filtered = query.iter().any(|(_, v)| !v.is_empty());
    let view = AuditView {
        shell: context.in_workspace("Audit log", &team.state).await?,
        exports: Vec::new(),
        chain: None,
        filters: Filters {
            action: base.clone(),
            search: None,
            selects: vec![by_select(&team, of("by")), kind_select(of("kind"))],
            days: Vec::new(),
            keep: about.map(|m| ("about".to_owned(), m.to_string())).into_iter().collect(),
            clear: filtered.then(|| base.clone()),
        },
        days: days(&team, &entries, now),
        pager: Pager { says: String::new(), back: None, on },
    };
    Ok(context.html(page(&view)))
}

fn by_select(team: &Team, chosen: &str) -> Select {
    let mut people: Vec<(String, String)> =
        team.state.members.values().map(|m| (m.person.to_string(), name_of(team, m.person))).collect();
    people.sort_by_key(|(_, name)| name.to_lowercase());
    let all = Choice::new("", "Everybody", chosen.is_empty());
    let each = people.iter().map(|(id, name)| Choice::new(id, name, id == chosen));
    Select::new("by", "By", std::iter::once(all).chain(each).collect())
}

fn kind_select(chosen: &str) -> Select {
    let all = Choice::new("", "Everything", chosen.is_empty());
    let each = GROUPS.iter().map(|(value, label, _)| Choice::new(value, label, *value == chosen));
    Select::new("kind", "What", std::iter::once(all).chain(each).collect())
}

fn days(team: &Team, changes: &[LogEntry], now: Timestamp) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for (at, mut line) in changes.iter().flat_map(|change| entries(team, change, now)) {
        let title = day_head(at, now);
        line.when.relative = clock(at);
        match days.last_mut().filter(|d| d.title == title) {
            Some(day) => day.entries.push(line),
            None => days.push(Day { title, entries: vec![line] }),
        }
    }
    days
}

/// One change as lines with their times, the newest event first.
pub fn entries(team: &Team, change: &LogEntry, now: Timestamp) -> Vec<(Timestamp, Entry)> {
    let mut facts = vec![("Change".to_owned(), change.revision.to_string())];
    if let Some(origin) = &change.origin {
        facts.push(("From".into(), origin.ip.clone()));
        facts.push(("With".into(), origin.agent.clone()));
    }
    facts.retain(|(_, value)| !value.is_empty());
    let lines = change.events.iter().rev().map(|stored| {
        let event = serde_json::from_str::<Event>(&stored.payload).ok();
        let told = event.as_ref().map_or_else(
            || said(format!("Something this page cannot read: {}", stored.kind)),
            |event| tell(team, event),
        );
        // What fell due stands in the change that came next; whoever made that did not do it.
        let who = if event.as_ref().is_some_and(is_of_time) { Who::Time } else { change.actor };
        let actor = match who {
            Who::Person(_) => Actor::Person(actor_name(team, who)),
            other => Actor::System(actor_name(team, other), Icon::Info),
        };
        let entry = Entry {
            when: when(stored.at, now),
            actor,
            sentence: told.sentence,
            delta: told.delta,
            facts: facts.clone(),
            links: Vec::new(),
            open: false,
        };
        (stored.at, entry)
    });
    lines.collect()
}

fn is_of_time(event: &Event) -> bool {
    matches!(
        event,
        Event::InvitationExpired { .. }
            | Event::GrantsExpired { .. }
            | Event::MemberRemoved { why: Removal::Expired, .. }
    )
}

struct Told {
    sentence: String,
    delta: Option<DeltaTable>,
}

fn said(sentence: String) -> Told {
    Told { sentence, delta: None }
}

fn tell(team: &Team, event: &Event) -> Told {
    let member = |id: &MemberId| {
        team.state.members.get(id).map_or_else(|| "somebody who is gone".into(), |m| name_of(team, m.person))
    };
    let address = |id: &AddressId| team.addresses.get(id).cloned().unwrap_or_else(|| "an erased address".into());
    let invited = |id| team.state.invitations.get(id).map_or_else(|| "an invitation".into(), |i| address(&i.address));
    let resource = |id| team.state.resources.get(id).map_or_else(String::new, |r| r.name.to_string());
    match event {
        Event::WorkspaceCreated { name, plan, .. } => said(format!("Created {name} on the plan {plan}")),
        Event::WorkspaceRenamed { from, to } => {
            changed("Renamed the workspace", &team.state.name, vec![delta("Name", from, to)])
        }
        Event::WorkspaceDeleted => said("Deleted the workspace".into()),
        Event::PlanChanged { from, to, extra_before, extra_after } => {
            let rows = vec![
                delta("Plan", from, to),
                delta("Extra seats", &extra_before.to_string(), &extra_after.to_string()),
            ];
            changed("Changed the plan", &team.state.name, rows)
        }
        Event::InvitationSent { address: to, access, role_title, .. } => changed(
            &format!("Invited {} as {role_title}", address(to)),
            &address(to),
            access_rows(team, &AccessWire::default(), access),
        ),
        Event::InvitationResent { address: to, .. } => said(format!("Sent the invitation of {} again", address(to))),
        Event::InvitationEdited { invitation, before, after, .. } => changed(
            &format!("Changed the invitation of {}", invited(invitation)),
            &invited(invitation),
            access_rows(team, before, after),
        ),
        Event::InvitationExpired { invitation } => said(format!("The invitation of {} expired", invited(invitation))),
        Event::InvitationCancelled { invitation } => {
            said(format!("Cancelled the invitation of {}", invited(invitation)))
        }
        Event::InvitationDeclined { invitation } => said(format!("{} declined", invited(invitation))),
        Event::InvitationAccepted { .. } => said("Accepted the invitation".into()),
        Event::MemberJoined { person, access, .. } => {
            let name = name_of(team, *person);
            changed(&format!("{name} joined"), &name, access_rows(team, &AccessWire::default(), access))
        }
        Event::AccessChanged { member: id, before, after } => {
            changed(&format!("Changed the access of {}", member(id)), &member(id), access_rows(team, before, after))
        }
        Event::GrantsExpired { member: id, resources } => {
            let names: Vec<String> = resources.iter().map(resource).collect();
            said(format!("Levels of {} ended: {}", member(id), names.join(", ")))
        }
        Event::MemberSuspended { member: id } => said(format!("Suspended {}", member(id))),
        Event::MemberReactivated { member: id } => said(format!("Reactivated {}", member(id))),
        Event::MemberRemoved { person, why, access, .. } => {
            let name = name_of(team, *person);
            let sentence = match why {
                Removal::Removed => format!("Removed {name}"),
                Removal::Left => format!("{name} left"),
                Removal::Expired => format!("The time of {name} was over"),
                Removal::Absorbed => format!("Another row of {name} took this one in"),
                Removal::ResourceDeleted => format!("{name} was on what was deleted"),
            };
            changed(&sentence, &name, access_rows(team, access, &AccessWire::default()))
        }
        Event::TemplateCreated { name, permissions, .. } => changed(
            &format!("Created the {} {name}", template_word(team)),
            name,
            vec![delta("Permissions", "", &permissions.join(", "))],
        ),
        Event::TemplateEdited { name_before, name, before, permissions, .. } => {
            let rows = vec![
                delta("Name", name_before, name),
                delta("Permissions", &before.join(", "), &permissions.join(", ")),
            ];
            changed(&format!("Changed the {} {name}", template_word(team)), name, rows)
        }
        Event::TemplateDeleted { name, permissions, .. } => changed(
            &format!("Deleted the {} {name}", template_word(team)),
            name,
            vec![delta("Permissions", &permissions.join(", "), "")],
        ),
        Event::ResourceAdded { name, .. } => said(format!("Created {name}")),
        Event::ResourceRenamed { from, to, .. } => {
            changed(&format!("Renamed {from}"), to, vec![delta("Name", from, to)])
        }
        Event::ResourceDeleted { name, .. } => said(format!("Deleted {name}")),
        Event::OwnershipTransferred { from, to, .. } => {
            said(format!("Transferred ownership from {} to {}", member(from), member(to)))
        }
        Event::ModelChanged { .. } => said("Applied another version of the access model".into()),
    }
}

fn template_word(team: &Team) -> String {
    team.state.model.words.template.to_lowercase()
}

fn changed(sentence: &str, about: &str, rows: Vec<Delta>) -> Told {
    let rows: Vec<Delta> = rows.into_iter().filter(|d| d.before != d.after).collect();
    let delta = (!rows.is_empty()).then(|| DeltaTable { about: about.to_owned(), rows });
    Told { sentence: sentence.to_owned(), delta }
}

fn delta(what: &str, before: &str, after: &str) -> Delta {
    Delta { what: what.to_owned(), before: before.to_owned(), after: after.to_owned() }
}

fn access_rows(team: &Team, before: &AccessWire, after: &AccessWire) -> Vec<Delta> {
    let state = &team.state;
    let role = |a: &AccessWire| {
        state.model.role_ix(&a.role).map_or_else(|| a.role.clone(), |r| state.model.role(r).title.clone())
    };
    let template = |a: &AccessWire| match a.template {
        Some(id) => state.templates.get(&id).map_or_else(|| "a deleted template".into(), |t| t.name.to_string()),
        None => String::new(),
    };
    let levels = |a: &AccessWire| {
        let all = a.all.iter().map(|l| format!("all: {l}"));
        let each = a.grants.iter().map(|g| {
            let name = state.resources.get(&g.resource).map_or_else(|| "a deleted one".into(), |r| r.name.to_string());
            format!("{name}: {}", g.level)
        });
        all.chain(each).collect::<Vec<_>>().join(", ")
    };
    let switches = |a: &AccessWire| {
        let title = |name: &String| {
            state.model.toggle_ix(name).map_or_else(|| name.clone(), |t| state.model.toggle(t).title.clone())
        };
        a.toggles.iter().map(title).collect::<Vec<_>>().join(", ")
    };
    vec![
        delta(&state.model.words.role, &role(before), &role(after)),
        delta(&state.model.words.template, &template(before), &template(after)),
        delta("Permissions", &before.direct.join(", "), &after.direct.join(", ")),
        delta("Switches", &switches(before), &switches(after)),
        delta("Levels", &levels(before), &levels(after)),
    ]
}
