//! Roads of escalation: none is left out, held against an exhaustive search through `decide` on small models; and small
//! changes to the presets that open one are found, with the road in words.
//!
//! `ROADS_MODELS` is the number of models, `ROADS_SEED` the first seed, `ROADS_STATES` how many states of each go on.

#[path = "../protocol/chance.rs"]
mod chance;
mod planted;
mod search;
mod small;

use std::sync::Arc;

use bailiwick_core::access::parse::parse_stored;
use bailiwick_core::access::roads::{Way, gains, granted, roads_by};
use chance::Chance;

/// So many models in a usual run.
const MODELS: u64 = 60;
/// From so many states of a model the search goes on in a usual run.
const STATES: u64 = 40;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Searches a model; what was found that these ways do not lead to, and how many states were looked at.
fn searched(seed: u64, ways: &[Way]) -> (Option<String>, usize, bool) {
    let mut chance = Chance::new(seed);
    let text = small::text(&mut chance);
    let model = Arc::new(parse_stored(&text, "small").unwrap_or_else(|faults| panic!("{faults}")));
    let named = small::ROLES[chance.below(small::ROLES.len() as u64) as usize];
    let role = model.role_ix(named).expect("it is there");
    let most = usize::try_from(number("ROADS_STATES", STATES)).unwrap_or(usize::MAX);
    let Some(found) = search::search(&model, role, &mut chance, most) else { return (None, 0, true) };
    let said = gains(&roads_by(&model, role, ways)) | granted(model.role(role));
    let missed = model.names(found.gained.without(said));
    let missed = (!missed.is_empty()).then(|| format!("{named} comes to {missed:?} (seed {seed})\n{text}"));
    (missed, found.states, !found.gained.is_empty())
}

#[test]
fn no_road_is_left_out() {
    let (models, first) = (number("ROADS_MODELS", MODELS), number("ROADS_SEED", 1));
    let (mut states, mut gained) = (0, 0);
    for model in 0..models {
        let (missed, looked_at, has_gained) = searched((first << 32) + model, &Way::ALL);
        assert_eq!(missed, None, "a road that was not found");
        states += looked_at;
        gained += u64::from(has_gained);
    }
    println!("roads: models {models}, states {states}, models with a road {gained}");
    assert!(gained * 10 > models, "that shows nothing: roads in {gained} of {models}");
}

#[test]
fn a_way_that_is_forgotten_is_found_out() {
    for forgotten in Way::ALL {
        let ways: Vec<Way> = Way::ALL.into_iter().filter(|way| *way != forgotten).collect();
        let found = (0..2_000).find(|seed| searched(*seed, &ways).0.is_some());
        println!("{forgotten:?}: {found:?}");
        assert!(found.is_some(), "{forgotten:?}");
    }
}
