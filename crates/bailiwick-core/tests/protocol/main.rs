//! The protocol of nodes under everything that can go wrong, on virtual time: the state machine that the server links,
//! thousands of schedules a second, each of which depends on nothing but its seed.
//!
//! `PROTOCOL_SCHEDULES` is the number of schedules, `PROTOCOL_SEED` the first seed, `PROTOCOL_PLANT` a mistake to plant
//! (`lease-from-answer`), after which it must fail.

mod chance;
mod database;
mod world;

use bailiwick_core::node::plant::Plant;
use world::{Seen, World};

/// The schedules of a usual run, and how many a planted mistake may take to be found.
const USUAL: u64 = 2_000;
const TO_FIND: u64 = 20_000;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn sum(all: &mut Seen, one: Seen) {
    all.checks += one.checks;
    all.sure += one.sure;
    all.close += one.close;
    all.unsure += one.unsure;
    all.acknowledged += one.acknowledged;
    all.struck += one.struck;
    for (fault, count) in one.faults {
        *all.faults.entry(fault).or_default() += count;
    }
}

#[test]
fn no_check_is_stale_whatever_happens() {
    let (schedules, first) = (number("PROTOCOL_SCHEDULES", USUAL), number("PROTOCOL_SEED", 1));
    let planted = std::env::var("PROTOCOL_PLANT").ok().map(|name| {
        let found = Plant::ALL.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("there is no mistake `{name}`")).1
    });
    let mut all = Seen::default();
    for schedule in 0..schedules {
        // Seeds of neighbouring rounds share no schedule.
        let seed = (first << 32) + schedule;
        let seen = World::new(seed, planted).run();
        if let Some(wrong) = seen.wrong {
            panic!("{wrong} (schedule {schedule} of seed {first})");
        }
        sum(&mut all, seen);
    }
    let faults: Vec<String> = all.faults.iter().map(|(what, count)| format!("{what} {count}")).collect();
    println!(
        "protocol: schedules {schedules}, checks {}, answered {}, close {}, unsure {}, acknowledged {}, struck {}, {}",
        all.checks,
        all.sure,
        all.close,
        all.unsure,
        all.acknowledged,
        all.struck,
        faults.join(", ")
    );
    assert!(all.close > 0 && all.acknowledged > schedules, "that shows nothing");
}

#[test]
fn every_planted_mistake_is_found() {
    let missed: Vec<&str> = Plant::ALL
        .iter()
        .filter(|(name, plant)| {
            let found = (0..TO_FIND).find(|seed| World::new(*seed, Some(*plant)).run().wrong.is_some());
            match found {
                Some(seed) => println!("{name}: found by schedule {seed}"),
                None => println!("{name}: not found in {TO_FIND} schedules"),
            }
            found.is_none()
        })
        .map(|(name, _)| *name)
        .collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn what_an_asynchronous_standby_lost_is_told_by_who_knew_it() {
    let (mut silent, mut told) = (0, 0);
    for seed in 0..1_000 {
        let seen = World::losing(seed).run();
        silent += seen.must_tell;
        told += seen.told_loss;
    }
    println!("lost changes: told by {told} nodes that had applied them, not told by {silent}");
    assert!(told > 500 && silent == 0, "{told} told, {silent} did not");
}
