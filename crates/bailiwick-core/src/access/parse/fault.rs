//! What is wrong with a model file, where, and what would be right.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, in bytes of the file.
    pub at: Range<usize>,
    /// What is wrong.
    pub wrong: String,
    /// What would be right; empty where nothing can be suggested.
    pub right: String,
}

/// All faults of a file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    text: String,
    faults: Vec<Fault>,
}

impl Faults {
    /// Of a text.
    pub fn new(text: &str, mut faults: Vec<Fault>) -> Self {
        for fault in &mut faults {
            // A text without an end is found where the line ends.
            if text[fault.at.start.min(text.len())..].starts_with('\n') {
                let line = text[..fault.at.start].rfind('\n').map_or(0, |end| end + 1);
                fault.at = line..fault.at.start;
            }
            // Of a whole table its first line says enough.
            let all = text.get(fault.at.clone()).unwrap_or_default();
            fault.at.end = fault.at.start + all.find('\n').unwrap_or(all.len());
        }
        faults.sort_by_key(|f| f.at.start);
        Self { text: text.to_owned(), faults }
    }

    /// The faults, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter()
    }

    /// Line and column of a fault, both from 1.
    pub fn place(&self, fault: &Fault) -> (usize, usize) {
        place(&self.text, fault.at.start)
    }

    /// The report for a terminal: each fault with its line, the faulty text underlined.
    pub fn report(&self, path: &str) -> String {
        let renderer = Renderer::plain();
        let each = self.faults.iter().map(|fault| {
            let end = fault.at.end.clamp(fault.at.start, self.text.len());
            let label = AnnotationKind::Primary.span(fault.at.start.min(end)..end).label(&fault.right);
            let snippet = Snippet::source(&self.text).path(path).annotation(label);
            let title = Level::ERROR.primary_title(&fault.wrong);
            renderer.render(&[Group::with_title(title).element(snippet)])
        });
        each.collect::<Vec<_>>().join("\n\n")
    }
}

/// Line and column of a byte of a text, both from 1.
pub fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (line, column)
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.report("model.toml"))
    }
}

impl std::error::Error for Faults {}

/// What could have been meant: the name that is near, else the names there are.
pub fn suggest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 24;
    let known: BTreeSet<&str> = known.into_iter().collect();
    let some: Vec<&str> = known.iter().copied().take(SHOWN).collect();
    match (near(wrong, known.iter().copied()), known.len()) {
        (Some(name), _) => format!("did you mean `{name}`?"),
        (None, 0) => "there is none; take it out, or add one".into(),
        (None, 1..=SHOWN) => format!("choose from {}", some.join(", ")),
        (None, _) => format!("choose from {} and more", some.join(", ")),
    }
}

/// One of the known names that differs by a few letters.
pub(crate) fn near<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = wrong.chars().count() / 3 + 1;
    let far = known.into_iter().map(|name| (distance(&wrong.to_lowercase(), name), name));
    far.filter(|(far, _)| *far <= limit).min().map(|(_, name)| name)
}

/// Edit distance: how many letters differ.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
