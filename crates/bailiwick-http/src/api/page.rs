//! Lists come in pages. A cursor is a position, bound to its list, its filters and who reads it; any other use of
//! it, or an altered one, is refused (AB-139). It opens nothing: what a page shows is decided for its reader anew.

use bailiwick_app::Caller;
use bailiwick_app::caller::Who;
use bailiwick_app::search::Of;
use bailiwick_app::secret::sha256;
use bailiwick_core::ids::{decode32, encode32};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::problem::Problem;

const DEFAULT_LIMIT: usize = 50;
const LETTERS: usize = 26;

/// One page of a list.
#[derive(Debug, Serialize)]
pub(super) struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The revision of the workspace that all of it is of; absent where there are several workspaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

impl<T> Page<T> {
    /// The same page of other items.
    pub fn map<U>(self, to: impl Fn(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(to).collect(), next_cursor: self.next_cursor, revision: self.revision }
    }

    /// All of it is of this revision of a workspace.
    pub fn of_revision(self, revision: u64) -> Self {
        Self { revision: Some(revision), ..self }
    }
}

/// How new an answer must be at least.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Fresh {
    /// The revision of the workspace that the answer must be of, or a later one.
    pub at_least: Option<u64>,
}

/// How many items a page has: 1 to 200.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "usize")]
pub(super) struct Limit(usize);

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl TryFrom<usize> for Limit {
    type Error = &'static str;

    fn try_from(limit: usize) -> Result<Self, Self::Error> {
        if (1..=200).contains(&limit) { Ok(Self(limit)) } else { Err("a page has 1 to 200 items") }
    }
}

/// Which page of a list that has no filters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Window {
    /// How many items a page has, 1 to 200; 50 if not given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<Limit>,
    /// Where the page begins: the `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// The revision of the workspace that the answer must be of, or a later one.
    pub at_least: Option<u64>,
}

/// What a cursor is bound to: its list with its filters, and who reads it.
pub(super) struct Bound(Vec<u8>);

impl Bound {
    /// To a list (its name, what it is of, and its filters), for a reader.
    pub fn to(list: &[&str], caller: &Caller) -> Self {
        let reader = match &caller.who {
            Who::Person { person, .. } => person.to_string(),
            Who::Host { key, .. } => key.to_string(),
            Who::Operator => String::new(),
        };
        // Lengths in front, so that no text can pass for another split of it (AB-008).
        let parts = list.iter().copied().chain([reader.as_str()]);
        Self(parts.flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.bytes())).collect())
    }

    /// Numbers as a text that is good for nothing else.
    pub fn write<const N: usize>(&self, numbers: [u128; N]) -> String {
        numbers.into_iter().chain([self.mark(&numbers)]).map(encode32).collect()
    }

    /// The numbers of such a text, if it was written for this.
    pub fn read<const N: usize>(&self, text: &str) -> Option<[u128; N]> {
        if !text.is_ascii() || text.len() != (N + 1) * LETTERS {
            return None;
        }
        let mut numbers = [0; N];
        for (at, number) in numbers.iter_mut().enumerate() {
            *number = decode32(&text[at * LETTERS..(at + 1) * LETTERS])?;
        }
        (decode32(&text[N * LETTERS..])? == self.mark(&numbers)).then_some(numbers)
    }

    fn mark(&self, numbers: &[u128]) -> u128 {
        let mut bytes = self.0.clone();
        bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        u128::from_be_bytes(sha256(&bytes)[..16].try_into().unwrap_or_default())
    }
}

/// As many items as a page has, and whether there are more.
pub(super) fn cut<T>(items: impl Iterator<Item = T>, limit: usize) -> (Vec<T>, bool) {
    let mut all: Vec<T> = items.take(limit + 1).collect();
    let more = all.len() > limit;
    all.truncate(limit);
    (all, more)
}

/// Where a page of a list begins, and how long it is.
pub(super) struct Paging {
    limit: usize,
    after: Option<u128>,
    bound: Bound,
}

impl Paging {
    /// Of a list (its name, what it is of, and its filters), for a reader.
    pub fn of(list: &[&str], caller: &Caller, limit: Option<Limit>, cursor: Option<&str>) -> Result<Self, Problem> {
        let bound = Bound::to(list, caller);
        let after = cursor.map(|cursor| bound.read(cursor).map(|[at]| at).ok_or_else(bad_cursor)).transpose()?;
        Ok(Self { limit: limit.unwrap_or_default().0, after, bound })
    }

    /// The last position of the page before, if there was one.
    pub fn after(&self) -> Option<u128> {
        self.after
    }

    /// How many items to ask for to know whether there are more.
    pub fn one_more(&self) -> usize {
        self.limit + 1
    }

    /// The page of items that follow the position, in order, each with its own.
    pub fn page<T>(&self, items: impl Iterator<Item = (u128, T)>) -> Page<T> {
        let (all, more) = cut(items, self.limit);
        let next_cursor = all.last().filter(|_| more).map(|(at, _)| self.bound.write([*at]));
        Page { items: all.into_iter().map(|(_, item)| item).collect(), next_cursor, revision: None }
    }
}

fn bad_cursor() -> Problem {
    Problem::unreadable("bad-cursor", "This cursor is not one of this list.")
        .with_remedy("Read the list from its beginning.")
}

/// Where a page begins of a list that is of one revision from its first page to its last.
pub(super) struct Pinned {
    limit: usize,
    began: Option<(u64, u128)>,
    bound: Bound,
}

impl Pinned {
    /// Of a list, for a reader, as [`Paging::of`].
    pub fn of(list: &[&str], caller: &Caller, limit: Option<Limit>, cursor: Option<&str>) -> Result<Self, Problem> {
        let bound = Bound::to(list, caller);
        let read = |cursor: &str| {
            let [revision, at] = bound.read(cursor)?;
            Some((u64::try_from(revision).ok()?, at))
        };
        let began = cursor.map(|cursor| read(cursor).ok_or_else(bad_cursor)).transpose()?;
        Ok(Self { limit: limit.unwrap_or_default().0, began, bound })
    }

    /// The revision that the page must be of.
    pub fn revision(&self, at_least: Option<u64>) -> Of {
        match self.began {
            Some((revision, _)) => Of::Exactly(revision),
            None => Of::AtLeast(at_least.unwrap_or_default()),
        }
    }

    /// The page of items that follow the position, each with its own, of all in their order.
    pub fn page<T>(&self, revision: u64, items: impl Iterator<Item = (u128, T)>) -> Page<T> {
        let (all, more) = cut(items.filter(|(at, _)| self.began.is_none_or(|(_, after)| *at > after)), self.limit);
        let next_cursor = all.last().filter(|_| more).map(|(at, _)| self.bound.write([revision.into(), *at]));
        let items = all.into_iter().map(|(_, item)| item).collect();
        Page { items, next_cursor, revision: Some(revision) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(list: &[&str], cursor: Option<&str>) -> Result<Paging, Problem> {
        Paging::of(list, &Caller::operator(), Some(Limit(2)), cursor)
    }

    fn numbers(paging: &Paging) -> Page<u128> {
        paging.page((1..=5).filter(|n| paging.after().is_none_or(|after| *n > after)).map(|n| (n, n)))
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let page = numbers(&paging(&["members", "w1"], cursor.as_deref()).unwrap());
            seen.push(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [vec![1, 2], vec![3, 4], vec![5]]);
    }

    #[test]
    fn ab139_a_cursor_of_another_list_or_an_altered_one_is_refused() {
        let good = numbers(&paging(&["members", "w1"], None).unwrap()).next_cursor.unwrap();
        assert!(paging(&["members", "w1"], Some(&good)).is_ok());
        let other = numbers(&paging(&["log", "w1"], None).unwrap()).next_cursor.unwrap();
        let mut altered = good.clone().into_bytes();
        altered[25] = b'9';
        let altered = String::from_utf8(altered).unwrap();
        for bad in [
            other.as_str(),
            &altered,
            &good[1..],
            &good.to_uppercase(),
            "",
            "1",
            "' or 1=1 --",
            "ä",
            &format!("{good}0"),
        ] {
            let problem = paging(&["members", "w1"], Some(bad)).err().unwrap_or_else(|| panic!("{bad}"));
            assert_eq!((problem.status.as_u16(), problem.code), (400, "bad-cursor"), "{bad}");
        }
        assert!(paging(&["members", "w2"], Some(&good)).is_err());
        assert!(paging(&["members", "w1", "q"], Some(&good)).is_err());
        assert!(paging(&["membersw1", ""], Some(&good)).is_err());
    }

    #[test]
    fn ab147_a_limit_is_1_to_200() {
        assert!(Limit::try_from(0).is_err() && Limit::try_from(201).is_err());
        assert!(Limit::try_from(1).is_ok() && Limit::try_from(200).is_ok());
    }
}
