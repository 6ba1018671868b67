//! The random walk: thousands of random commands, the core against a slow, obviously right model that was written
//! apart from it, straight from the requirements of two presets.
//!
//! `WALK_COMMANDS` is the number of commands for each preset, `WALK_SEED` where the walk begins. A disagreement is
//! printed with preset, seed, step, and the shortest list of commands that still shows it.

mod compare;
mod generate;
mod laws;
mod reference;
#[path = "../moves/reordered.rs"]
mod reordered;
mod searches;

use std::collections::BTreeMap;

use compare::{Disagreement, Pair, Seen, Step, kind, shorten};
use generate::{Maker, Random};

use bailiwick_core::team::command::Actor;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::time::Timestamp;
use reference::Reference;

/// One of the two products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// The CRM tenant.
    Tenant,
    /// The analytics team.
    Properties,
}

/// A new workspace after so many commands: short histories can be shortened, and old mistakes do not hide new ones.
const WORLD: u32 = 240;
/// So many different disagreements are looked into before the walk gives up.
const ENOUGH: usize = 3;
/// The usual walk. A shorter one has not been everywhere, and is not asked whether it was.
const LONG: u64 = 2_000;
/// From so many commands on, each refusal must have been met.
const VERY_LONG: u64 = 20_000;

/// How the commands went.
#[derive(Debug, Default)]
struct Figures {
    commands: u64,
    accepted: BTreeMap<String, u64>,
    refused: BTreeMap<&'static str, u64>,
    open: BTreeMap<(&'static str, &'static str), u64>,
    /// Accepted, by who asked: the role of a person.
    by: BTreeMap<String, u64>,
}

impl Figures {
    fn count(&mut self, step: &Step, asked_by: String, seen: Seen, open: Option<&'static str>) {
        self.commands += 1;
        if seen == Seen::Accepted {
            *self.by.entry(asked_by).or_default() += 1;
        }
        match seen {
            Seen::Accepted => *self.accepted.entry(kind(&step.request.command)).or_default() += 1,
            Seen::Refused(code) => *self.refused.entry(code).or_default() += 1,
        }
        if let Some(why) = open {
            let outcome = if seen == Seen::Accepted { "accepted" } else { "refused" };
            *self.open.entry((why, outcome)).or_default() += 1;
        }
    }
}

fn asked_by(actor: Actor, world: Option<&dyn Reference>) -> String {
    match actor {
        Actor::Person(person) => {
            let row = world.and_then(|r| r.book().row_of(person));
            row.map_or("stranger".to_owned(), |(_, m)| m.holds.role.clone())
        }
        Actor::Host(_) => "host".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn number(name: &str, or: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
        Err(_) => or,
    }
}

/// Says where the walk was, should the core panic instead of answering.
struct Place<'a> {
    preset: Preset,
    seed: u64,
    steps: &'a [Step],
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { preset, seed, steps } = self;
            eprintln!("panic in {preset:?}, seed {seed}, step {}: {:#?}", steps.len(), steps.last());
        }
    }
}

fn walk(preset: Preset) {
    let (commands, seed) = (number("WALK_COMMANDS", LONG), number("WALK_SEED", 1));
    let model = compare::model(preset);
    let mut figures = Figures::default();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut worlds = Random::new(seed);
    while figures.commands < commands && found.len() < ENOUGH {
        let world_seed = worlds.next();
        let mut maker = Maker::new(preset, world_seed);
        let mut pair = Pair::new(preset, &model);
        let mut steps = Vec::new();
        let mut now = Timestamp(1_700_000_000_000_000);
        let mut after_deletion = 0;
        for _ in 0..WORLD {
            now = maker.later(now, pair.reference().map(|r| r.book()));
            let mut request = match pair.reference() {
                Some(reference) => maker.request(reference, now),
                None => maker.creation(),
            };
            request.seen = maker.seen(pair.version_of(&request.command));
            steps.push(Step { now, request });
            let place = Place { preset, seed: world_seed, steps: &steps };
            let step = &steps[steps.len() - 1];
            let asked_by = asked_by(step.request.actor, pair.reference());
            match pair.step(step, true) {
                Ok((seen, open)) => figures.count(step, asked_by, seen, open),
                Err(Disagreement { about, .. }) => {
                    found.entry(about.clone()).or_insert_with(|| {
                        let short = shorten(preset, &model, &steps);
                        let (at, step) = (figures.commands + 1, steps.len());
                        format!("{preset:?}, WALK_SEED={seed}, command {at} (world {world_seed}, step {step}): {short}")
                    });
                    break;
                }
            }
            drop(place);
            // A deleted workspace is asked a few more things, all in vain.
            after_deletion += u32::from(pair.reference().is_some_and(|r| r.book().deleted));
            if after_deletion > 12 {
                break;
            }
        }
    }
    report(preset, &figures);
    let all: String = found.values().fold(String::new(), |all, one| format!("{all}\n{one}"));
    assert!(found.is_empty(), "{} disagreements\n{all}", found.len());
    been_everywhere(preset, &figures);
}

/// A walk that never accepts, never refuses, or never comes by some rule shows nothing of it.
fn been_everywhere(preset: Preset, figures: &Figures) {
    if figures.commands < LONG {
        return;
    }
    let accepted: u64 = figures.accepted.values().sum();
    let share = accepted * 100 / figures.commands.max(1);
    assert!((34..=75).contains(&share), "a walk that accepts {share} % shows little");
    let never = done_in(preset).into_iter().find(|kind| !figures.accepted.contains_key(*kind));
    assert!(never.is_none(), "a walk in which no {never:?} is accepted shows little");
    let said = |code: &str| figures.refused.contains_key(code);
    let unheard: Vec<_> = Refusal::CODES.iter().filter(|c| !said(c) && !unsaid_in(preset).contains(c)).collect();
    assert!(figures.commands < VERY_LONG || unheard.is_empty(), "a walk that never meets {unheard:?} shows little");
}

/// Refusals for which a product gives no occasion.
fn unsaid_in(preset: Preset) -> &'static [&'static str] {
    match preset {
        // No levels, no single owner, no roles by plan; nobody gains by a plan; suspension there is. Moves are a law.
        Preset::Tenant => &[
            "unknown-level",
            "resource-named-twice",
            "level-above-role",
            "levels-needed",
            "all-and-each",
            "owner-not-offered",
            "owner-fixed",
            "target-not-active",
            "role-not-in-plan",
            "confirm-gains",
            "no-suspension",
            "cannot-express",
        ],
        // Only the owner acts on people: he holds everything, and stays; no suspension, no toggles, nothing single.
        Preset::Properties => &[
            "exceeds-own-access",
            "role-out-of-reach",
            "sender-lost-right",
            "last-owner",
            "target-not-active",
            "member-suspended",
            "not-grantable",
            "toggle-not-switchable",
            "cannot-express",
        ],
    }
}

/// The commands that can be accepted at all.
fn done_in(preset: Preset) -> Vec<&'static str> {
    let mut done = vec![
        "Create",
        "Rename",
        "Delete",
        "Invite",
        "Resend",
        "Cancel",
        "EditInvitation",
        "Accept",
        "Decline",
        "ChangeAccess",
        "Remove",
        "Leave",
        "ChangePlan",
        "Elapse",
    ];
    done.extend(match preset {
        Preset::Tenant => ["Suspend", "Reactivate", "CreateTemplate", "EditTemplate", "DeleteTemplate"].iter(),
        Preset::Properties => ["AddResource", "RenameResource", "DeleteResource"].iter(),
    });
    done
}

fn report(preset: Preset, figures: &Figures) {
    let accepted: u64 = figures.accepted.values().sum();
    println!("{preset:?}: {} commands, {accepted} accepted, {} refused", figures.commands, figures.commands - accepted);
    println!("  accepted: {:?}", figures.accepted);
    println!("  refused: {:?}", figures.refused);
    println!("  accepted from: {:?}", figures.by);
    println!("  left open by the requirements: {:?}", figures.open);
}

#[test]
fn tenant_walks_with_the_obvious_model() {
    walk(Preset::Tenant);
}

#[test]
fn properties_walks_with_the_obvious_model() {
    walk(Preset::Properties);
}
