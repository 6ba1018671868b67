//! `cargo xtask prove NAME`: long proofs, each in rounds that depend on nothing but their seed.
//!
//! A proof can be stopped at any time and taken up again with the seed after the last one that was printed. It ends in one line,
//! `proved NAME: FIGURES` or `failed NAME: WHAT, seed S`, and the seed alone repeats a failure.

mod program;

use std::time::{Duration, Instant};

use crate::figures::Figures;
use program::Program;

/// How long a proof goes on when nobody says.
const USUAL: Extent = Extent::Seconds(60);

/// One proof.
pub struct Proof {
    name: &'static str,
    about: &'static str,
    /// How many cases a round has unless `--cases` says.
    cases: u64,
    program: Program,
}

const PROOFS: &[Proof] = &[
    Proof {
        name: "walk",
        about: "random commands against a second model of the rules: same outcome, same access",
        cases: 10_000,
        program: Program {
            words: ["bailiwick-core", "walk"],
            variables: ["WALK_COMMANDS", "WALK_SEED"],
            figure: "commands",
            plant: None,
            profile: "release",
            arguments: &[],
        },
    },
    Proof {
        name: "crash",
        about: "kill -9 in a storm of changes: what was acknowledged is there, the log verifies",
        cases: 1,
        program: Program {
            words: ["bailiwick", "crash"],
            variables: ["CRASH_KILLS", "CRASH_SEED"],
            figure: "kills",
            plant: None,
            profile: "dev",
            arguments: &[],
        },
    },
    Proof {
        name: "protocol",
        about: "nodes on virtual time under every fault: no check is older than what was acknowledged before it",
        cases: 20_000,
        program: Program {
            words: ["bailiwick-core", "protocol"],
            variables: ["PROTOCOL_SCHEDULES", "PROTOCOL_SEED"],
            figure: "schedules",
            plant: Some(["PROTOCOL_PLANT", "plant"]),
            profile: "release",
            arguments: &[],
        },
    },
    Proof {
        name: "roads",
        about: "small models searched exhaustively: nobody comes to what the analysis of a model excludes",
        cases: 200,
        program: Program {
            words: ["bailiwick-core", "roads"],
            variables: ["ROADS_MODELS", "ROADS_SEED"],
            figure: "models",
            plant: None,
            profile: "release",
            arguments: &["no_road_is_left_out"],
        },
    },
    Proof {
        name: "stale",
        about: "one node on SQLite and threads: no check is older than what was acknowledged before it",
        cases: 100_000,
        program: Program {
            words: ["bailiwick", "proof"],
            variables: ["STALE_CASES", "STALE_SEED"],
            figure: "cases",
            plant: Some(["STALE_PLANT", "plant"]),
            profile: "proof",
            arguments: &["stale::"],
        },
    },
    Proof {
        name: "nodes",
        about: "three real nodes on PostgreSQL under every fault: the same, and what is lost is told",
        cases: 50_000,
        program: Program {
            words: ["bailiwick", "proof"],
            variables: ["NODES_CASES", "NODES_SEED"],
            figure: "cases",
            plant: Some(["NODES_PLANT", "plant"]),
            profile: "proof",
            arguments: &["nodes::", "--test-threads=1"],
        },
    },
    Proof {
        name: "availability",
        about: "measures what a lease's length costs and buys, and what an acknowledgement takes",
        cases: 1,
        program: Program {
            words: ["bailiwick", "proof"],
            variables: ["AVAILABILITY_RUNS", "AVAILABILITY_SEED"],
            figure: "rows",
            plant: None,
            profile: "proof",
            arguments: &["availability::", "--ignored", "--test-threads=1"],
        },
    },
];

/// How much is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Extent {
    /// One round with so many cases.
    Cases(u64),
    /// So many rounds of the usual size.
    Rounds(u64),
    /// Rounds of the usual size until the time is over.
    Seconds(u64),
}

/// What the words after the name ask for.
#[derive(Debug, PartialEq)]
struct Order {
    extent: Extent,
    seed: u64,
    /// A mistake to plant; the proof must fail then.
    plant: Option<String>,
}

/// Runs the named proof and tells whether it held.
pub fn run(words: &[&str]) -> Result<bool, String> {
    let Some((name, options)) = words.split_first() else { return Err(format!("prove what?\n{}", known())) };
    let Some(proof) = PROOFS.iter().find(|proof| proof.name == *name) else {
        return Err(format!("there is no proof `{name}`\n{}", known()));
    };
    let order = order(options)?;
    if order.plant.is_some() && proof.program.plant.is_none() {
        return Err(format!("no mistake can be planted in `{name}`"));
    }
    let held = proof.program.prepare().map_err(|what| (what, order.seed));
    let round = |cases, seed| proof.program.round(cases, seed, order.plant.as_deref());
    match held.and_then(|()| rounds(proof.cases, &order, round)) {
        Ok(figures) => println!("proved {name}: {figures}"),
        Err((what, seed)) => {
            println!("failed {name}: {what}, seed {seed}");
            return Ok(false);
        }
    }
    Ok(true)
}

fn known() -> String {
    let lines: Vec<_> = PROOFS.iter().map(|proof| format!("  {:<12} {}", proof.name, proof.about)).collect();
    format!("known:\n{}", lines.join("\n"))
}

fn order(mut words: &[&str]) -> Result<Order, String> {
    let (mut extent, mut seed, mut plant) = (None, None, None);
    while let Some((option, rest)) = words.split_first() {
        if *option == "--plant" {
            let (mistake, rest) = rest.split_first().ok_or("`--plant` wants the name of a mistake after it")?;
            plant = Some((*mistake).to_owned());
            words = rest;
            continue;
        }
        let number = rest.first().and_then(|word| word.parse().ok());
        let number = number.ok_or_else(|| format!("`{option}` wants a whole number after it"))?;
        words = &rest[1..];
        let asked = match *option {
            "--cases" => Extent::Cases(number),
            "--rounds" => Extent::Rounds(number),
            "--seconds" => Extent::Seconds(number),
            "--seed" => {
                seed = Some(number);
                continue;
            }
            _ => return Err(format!("`{option}` is not --cases, --rounds, --seconds, --seed or --plant")),
        };
        if number == 0 {
            return Err(format!("`{option} 0` would show nothing"));
        }
        if extent.replace(asked).is_some() {
            return Err("one of --cases, --rounds and --seconds is enough".to_owned());
        }
    }
    Ok(Order { extent: extent.unwrap_or(USUAL), seed: seed.unwrap_or(1), plant })
}

/// All rounds, or what did not hold and with which seed.
fn rounds(
    usual_cases: u64,
    order: &Order,
    run: impl Fn(u64, u64) -> Result<Figures, String>,
) -> Result<Figures, (String, u64)> {
    let mut seed = order.seed;
    let cases = if let Extent::Cases(cases) = order.extent { cases } else { usual_cases };
    let begun = Instant::now();
    let mut sum = Figures::default();
    for round in 1.. {
        println!("round {round}: seed {seed}, {cases} cases");
        sum += run(cases, seed).map_err(|what| (what, seed))?;
        if order.extent.is_done(round, begun.elapsed()) {
            break;
        }
        seed = seed.wrapping_add(1);
    }
    println!("the next seed is {}", seed.wrapping_add(1));
    Ok(sum)
}

impl Extent {
    fn is_done(self, rounds: u64, time: Duration) -> bool {
        match self {
            Extent::Cases(_) => true,
            Extent::Rounds(wanted) => rounds >= wanted,
            Extent::Seconds(wanted) => time >= Duration::from_secs(wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds for every seed but 5.
    fn five(words: &[&str]) -> Result<String, (String, u64)> {
        let run = |cases, seed| match seed {
            5 => Err("five is reached".to_owned()),
            _ => Ok(Figures::read("cases", &format!("five: cases {cases}")).expect("figures")),
        };
        rounds(10, &order(words).expect("an order"), run).map(|figures| figures.to_string())
    }

    #[test]
    fn rounds_go_on_with_growing_seeds_and_add_up() {
        assert_eq!(five(&["--rounds", "4"]), Ok("cases 40".into()));
        assert_eq!(five(&["--rounds", "5"]), Err(("five is reached".into(), 5)));
        assert_eq!(five(&["--seconds", "60"]), Err(("five is reached".into(), 5)));
    }

    #[test]
    fn cases_are_the_size_of_one_round() {
        assert_eq!(five(&["--cases", "7", "--seed", "6"]), Ok("cases 7".into()));
        assert_eq!(five(&["--seed", "5", "--cases", "7"]), Err(("five is reached".into(), 5)));
    }

    #[test]
    fn without_options_a_proof_goes_on_for_a_minute() {
        assert_eq!(order(&[]), Ok(Order { extent: Extent::Seconds(60), seed: 1, plant: None }));
        let planted = order(&["--plant", "no-wait", "--seed", "3"]).expect("an order");
        assert_eq!((planted.plant.as_deref(), planted.seed), (Some("no-wait"), 3));
        assert!(!USUAL.is_done(1000, Duration::from_secs(59)));
        assert!(USUAL.is_done(1, Duration::from_secs(60)));
    }

    #[test]
    fn words_that_make_no_sense_are_refused() {
        for words in [&["--cases"] as &[_], &["--cases", "x"], &["--cases", "0"], &["--speed", "1"], &["--plant"]] {
            assert!(order(words).is_err(), "{words:?}");
        }
        assert!(order(&["--cases", "1", "--rounds", "1"]).is_err());
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let answer = run(&["nothing"]).expect_err("unknown");
        assert!(answer.contains("`nothing`") && answer.contains("walk"), "{answer}");
    }
}
