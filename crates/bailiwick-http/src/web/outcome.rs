//! What a change would do, or did, in words.

use bailiwick_app::look::Team;
use bailiwick_core::access::say::set_lines;
use bailiwick_core::ids::PersonId;
use bailiwick_core::team::preview::{Change, Preview};
use bailiwick_core::team::seats::Seats as Count;

use super::access::name_of;
use super::say::plural;
use crate::ui::kit::{Changes, Limit, Link, Seats};

/// The preview of a change to one person.
pub fn for_person(team: &Team, preview: &Preview, person: PersonId) -> Changes {
    let mine = preview.changes.iter().filter(|c| c.person == person);
    let lines = |of: fn(&Change) -> bailiwick_core::access::set::PermissionSet| -> Vec<String> {
        mine.clone().flat_map(|c| placed(team, c, of(c))).collect()
    };
    let mut cautions = Vec::new();
    let model = &team.state.model;
    for change in mine.clone() {
        let careful = change.gains & model.caution;
        if !careful.is_empty() {
            cautions.push(format!("Give with care: {}.", set_lines(model, careful).join("; ").to_lowercase()));
        }
    }
    Changes {
        adds: lines(|c| c.gains),
        cuts: lines(|c| c.loses),
        stays: String::new(),
        cautions,
        holds: "Holds from the next thing they do, in every open session.".into(),
    }
}

/// The preview of a change to many: how many people gain and lose what.
pub fn for_many(team: &Team, preview: &Preview) -> Changes {
    let line = |change: &Change, set| {
        let who = name_of(team, change.person);
        placed(team, change, set).into_iter().map(move |line| format!("{who}: {line}"))
    };
    const SHOWN: usize = 12;
    let mut adds: Vec<String> = preview.changes.iter().flat_map(|c| line(c, c.gains)).collect();
    let mut cuts: Vec<String> = preview.changes.iter().flat_map(|c| line(c, c.loses)).collect();
    for list in [&mut adds, &mut cuts] {
        if list.len() > SHOWN {
            let more = list.len() - SHOWN;
            list.truncate(SHOWN);
            list.push(format!("and {more} more"));
        }
    }
    Changes {
        adds,
        cuts,
        holds: "Holds from the next thing they do, in every open session.".into(),
        ..Changes::default()
    }
}

fn placed(team: &Team, change: &Change, set: bailiwick_core::access::set::PermissionSet) -> Vec<String> {
    let lines = set_lines(&team.state.model, set);
    match change.resource.and_then(|id| team.state.resources.get(&id)) {
        Some(resource) => lines.into_iter().map(|line| format!("{}: {}", resource.name, line.to_lowercase())).collect(),
        None => lines,
    }
}

/// The seat meter; none where there is no limit.
pub fn seats(count: Count) -> Option<Seats> {
    let limit = count.held?;
    Some(Seats {
        used: count.taken - count.invited,
        waiting: count.invited,
        limit,
        words: format!("{} of {} seats", count.taken, limit),
        note: if count.invited > 0 { format!("{} of them invited", count.invited) } else { String::new() },
        link: None,
    })
}

/// The warning at the limit, with the ways out that the plan has.
pub fn limit(team: &Team, base: &str) -> Option<Limit> {
    let count = team.state.seats();
    let held = count.held?;
    if count.taken < held {
        return None;
    }
    let model = &team.state.model;
    let plan = model.plan(team.state.plan);
    let mut ways = vec![format!("remove {} you no longer need", model.words.people)];
    if plan.extra_seat.is_some() {
        ways.push("add seats".into());
    }
    if model.plans.iter().any(|p| p.seats.is_none_or(|s| s > plan.seats.unwrap_or(0))) {
        ways.push("upgrade the plan".into());
    }
    let ways = match ways.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, most)) => format!("{} or {last}", most.join(", ")),
        None => String::new(),
    };
    Some(Limit {
        sentence: format!(
            "All {} in use.",
            plural(i64::from(held), "seat").replace("seats", "seats are").replace("1 seat", "1 seat is")
        ),
        remedy: format!("To have room for one more, {ways}."),
        ways: vec![Link::new(&format!("Review {}", model.words.people), &format!("{base}/team"))],
    })
}
