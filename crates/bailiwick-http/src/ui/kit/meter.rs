//! Seats: a meter for the eye, words for everybody, and what to do at the limit.

use maud::{Markup, html};

use super::{Link, caution};

/// Seats in use.
#[derive(Debug, Clone, Default)]
pub struct Seats {
    /// Taken by members.
    pub used: u32,
    /// Held by invitations, or about to be taken.
    pub waiting: u32,
    /// All there are.
    pub limit: u32,
    /// "18 of 20 seats", or "18 → 20 of 20 seats".
    pub words: String,
    /// ", 3 of them invited"; without the comma; may be empty.
    pub note: String,
    /// Where seats come from.
    pub link: Option<Link>,
}

/// No seat is left, or few are: what to do.
#[derive(Debug, Clone, Default)]
pub struct Limit {
    /// "All 20 seats are in use."
    pub sentence: String,
    /// "To invite someone, delete users you no longer need, or upgrade in Billing."
    pub remedy: String,
    /// The ways out that the plan has.
    pub ways: Vec<Link>,
}

/// The meter and its words.
pub fn seats(seats: &Seats) -> Markup {
    let (used, waiting) = (percent(seats.used, seats.limit), percent(seats.waiting, seats.limit));
    html! {
        div.seats {
            svg.meter aria-hidden="true" {
                rect width={ (used) "%" } height="6" {}
                rect x={ (used) "%" } width={ (waiting.min(100 - used)) "%" } height="6" {}
            }
            span { strong { (seats.words) } @if !seats.note.is_empty() { ", " (seats.note) } }
            @if let Some(link) = &seats.link { (link.inline()) }
        }
    }
}

/// The warning at the limit.
pub fn limit(limit: &Limit) -> Markup {
    caution(&html! { p { strong { (limit.sentence) } " " (limit.remedy) } (Link::several(&limit.ways)) })
}

fn percent(part: u32, whole: u32) -> u32 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(100).min(100)
}
