//! Reading TOML tables key by key: what is missing, of the wrong type or left over becomes a fault.

use std::ops::Range;

use toml_span::value::{Table, ValueInner};
use toml_span::{ErrorKind, Value};

use super::fault::{Fault, near, suggest};

/// A value with its place in the file.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    pub value: T,
    pub at: Range<usize>,
}

/// Collects faults while a file is read.
#[derive(Default)]
pub(crate) struct Reader {
    pub faults: Vec<Fault>,
    /// Every key that was asked for, with the way to it: what a model file can hold.
    #[cfg(test)]
    pub keys: std::collections::BTreeSet<String>,
}

/// A table that is being read; what nobody took from it is unknown.
pub(crate) struct Section<'t> {
    name: String,
    /// What messages call it, where that is not its name.
    called: Option<String>,
    pub at: Range<usize>,
    table: Table<'t>,
    asked: Vec<String>,
    /// Keys that have to be there and are not, with what to write.
    missing: Vec<(String, String)>,
}

impl Reader {
    pub fn fault(&mut self, at: Range<usize>, wrong: impl Into<String>, right: impl Into<String>) {
        self.faults.push(Fault { at, wrong: wrong.into(), right: right.into() });
    }

    /// That the file is not TOML at all: then nothing else is known of it.
    pub fn not_toml(&mut self, error: &toml_span::Error) {
        let (wrong, right) = match &error.kind {
            ErrorKind::DuplicateKey { key, .. } => {
                (format!("`{key}` is given twice in this table"), "keep one of them".to_owned())
            }
            ErrorKind::DuplicateTable { name, .. } => {
                (format!("the table [{name}] is there twice"), "put all of it in one place".to_owned())
            }
            ErrorKind::UnterminatedString | ErrorKind::InvalidCharInString('\n' | '\r') => {
                ("this text has no end".to_owned(), "close it with a quote on the same line".to_owned())
            }
            ErrorKind::UnquotedString => ("a text stands in quotes".to_owned(), "write \"...\"".to_owned()),
            ErrorKind::Wanted { expected, found } => {
                (format!("this is not TOML: {found} stands here"), format!("{expected} should"))
            }
            ErrorKind::Unexpected(letter) => (
                format!("this is not TOML: `{}` cannot stand here", letter.escape_debug()),
                "take it out, or quote the text".to_owned(),
            ),
            ErrorKind::UnexpectedEof => ("the file ends in the middle".to_owned(), "finish what was begun".to_owned()),
            _ => (format!("this is not TOML: {error}"), "see https://toml.io".to_owned()),
        };
        self.fault(error.span.start..error.span.end, wrong, right);
    }

    /// A value that must be a table.
    pub fn section<'t>(&mut self, name: &str, mut value: Value<'t>) -> Option<Section<'t>> {
        let at = span(&value);
        match value.take() {
            ValueInner::Table(table) => {
                Some(Section { name: name.to_owned(), called: None, at, table, asked: Vec::new(), missing: Vec::new() })
            }
            _ => {
                self.fault(at, format!("`{name}` must be a table"), format!("write [{name}] and its keys below"));
                None
            }
        }
    }

    fn wrong_type(&mut self, section: &Section<'_>, key: &str, at: Range<usize>, wants: &str, write: &str) {
        self.fault(at, format!("`{key}` in {} must be {wants}", section.called()), format!("write {write}"));
    }

    /// A text that must be there.
    pub fn text(&mut self, from: &mut Section<'_>, key: &'static str) -> String {
        let found = self.maybe_text(from, key);
        if found.is_none() {
            from.misses(key, "\"...\"");
        }
        found.map(|text| text.value).unwrap_or_default()
    }

    pub fn maybe_text(&mut self, from: &mut Section<'_>, key: &'static str) -> Option<At<String>> {
        let mut value = from.take(key)?;
        let at = span(&value);
        match value.take() {
            ValueInner::String(text) if !text.trim().is_empty() => Some(At { value: text.into_owned(), at }),
            ValueInner::String(_) => {
                self.fault(
                    at,
                    format!("`{key}` in {} is empty", from.called()),
                    "write what people shall read, or name",
                );
                None
            }
            _ => {
                self.wrong_type(from, key, at, "a text", "it in quotes");
                None
            }
        }
    }

    /// A text that may be there, and may be blank.
    pub fn any_text(&mut self, from: &mut Section<'_>, key: &'static str) -> Option<String> {
        let value = from.take(key)?;
        if value.as_str().is_none() {
            self.wrong_type(from, key, span(&value), "a text", "it in quotes");
        }
        value.as_str().map(str::to_owned)
    }

    pub fn switch(&mut self, from: &mut Section<'_>, key: &'static str) -> bool {
        let Some(mut value) = from.take(key) else { return false };
        let at = span(&value);
        match value.take() {
            ValueInner::Boolean(on) => on,
            _ => {
                self.wrong_type(from, key, at, "true or false", "one of them, without quotes");
                false
            }
        }
    }

    pub fn number(
        &mut self,
        from: &mut Section<'_>,
        key: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        let mut value = from.take(key)?;
        let at = span(&value);
        let (low, high) = (range.start(), range.end());
        let wants = format!("a whole number from {low} to {high}");
        match value.take() {
            ValueInner::Integer(number) if range.contains(&number) => return Some(number),
            ValueInner::Integer(_) => self.wrong_type(from, key, at, &wants, "one of them, or leave it out"),
            _ => self.wrong_type(from, key, at, &wants, "digits alone, without quotes"),
        }
        None
    }

    /// A list of texts that must be there, with something in it.
    pub fn some_texts(&mut self, from: &mut Section<'_>, key: &'static str) -> Vec<At<String>> {
        let there = from.table.get(key);
        let is_missing = there.is_none();
        let empty = there.filter(|value| value.as_array().is_some_and(Vec::is_empty)).map(span);
        let texts = self.texts(from, key);
        if is_missing {
            from.misses(key, "[\"...\"]");
        } else if let Some(at) = empty {
            self.fault(at, format!("`{key}` in {} is empty", from.called()), "name at least one");
        }
        texts
    }

    /// A list of texts; an absent one is empty.
    pub fn texts(&mut self, from: &mut Section<'_>, key: &'static str) -> Vec<At<String>> {
        let Some(mut value) = from.take(key) else { return Vec::new() };
        let at = span(&value);
        let items = match value.take() {
            ValueInner::Array(items) => items,
            ValueInner::String(one) => {
                self.wrong_type(from, key, at, "a list of texts", &format!("[\"{one}\"]"));
                return Vec::new();
            }
            _ => {
                self.wrong_type(from, key, at, "a list of texts", "[\"...\"]");
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for mut item in items {
            let at = span(&item);
            match item.take() {
                ValueInner::String(text) => texts.push(At { value: text.into_owned(), at }),
                _ => self.wrong_type(from, key, at, "a list of texts", "each of them in quotes"),
            }
        }
        texts
    }

    /// Tables by name, in the order of the file: `[roles.admin]`, `[roles.user]`.
    pub fn named<'t>(&mut self, from: &mut Section<'t>, key: &'static str) -> Vec<(At<String>, Section<'t>)> {
        let mut sections = Vec::new();
        for (name, value) in self.entries(from, key) {
            self.needs_a_name(&name);
            if let Some(section) = self.section(&format!("{key}.{}", name.value), value) {
                sections.push((name, section));
            }
        }
        sections
    }

    /// Named texts, in the order of the file: `view = "view conversations"`.
    pub fn named_texts(&mut self, from: &mut Section<'_>, key: &'static str) -> Vec<(At<String>, String)> {
        let mut texts = Vec::new();
        for (name, mut value) in self.entries(from, key) {
            self.needs_a_name(&name);
            match value.take() {
                ValueInner::String(text) => texts.push((name, text.into_owned())),
                _ => self.fault(
                    span(&value),
                    format!("`{}` in [{}.{key}] must be a text", name.value, from.name),
                    "write what a holder can do, such as \"view reports\"",
                ),
            }
        }
        texts
    }

    /// What a table holds by names of the file's own, in the order of the file.
    pub fn entries<'t>(&mut self, from: &mut Section<'t>, key: &str) -> Vec<(At<String>, Value<'t>)> {
        let Some(value) = from.take(key) else { return Vec::new() };
        let Some(all) = self.section(&from.path(key), value) else { return Vec::new() };
        let mut entries: Vec<_> = all.table.into_iter().collect();
        entries.sort_by_key(|(name, _)| name.span.start);
        let at = |(name, value): (toml_span::value::Key<'t>, _)| {
            (At { at: name.span.start..name.span.end, value: name.name.into_owned() }, value)
        };
        entries.into_iter().map(at).collect()
    }

    fn needs_a_name(&mut self, name: &At<String>) {
        if !is_name(&name.value) {
            let near: String = name.value.to_lowercase().replace([' ', '-', '.'], "_");
            let such = if is_name(&near) { format!("write `{near}`: ") } else { String::new() };
            self.fault(
                name.at.clone(),
                format!("`{}` is not a name", name.value),
                format!("{such}lower-case letters, digits and `_`, a letter first, at most 40"),
            );
        }
    }

    /// An array of tables: `[[plans]]`.
    pub fn list<'t>(&mut self, from: &mut Section<'t>, key: &'static str) -> Vec<Section<'t>> {
        let Some(mut value) = from.take(key) else { return Vec::new() };
        let at = span(&value);
        match value.take() {
            ValueInner::Array(items) => {
                let called = from.path(key);
                items.into_iter().filter_map(|item| self.section(&called, item)).collect()
            }
            _ => {
                let header = format!("[[{}]]", from.path(key));
                self.wrong_type(from, key, at, "a list of tables", &format!("{header} above each of them"));
                Vec::new()
            }
        }
    }

    /// A table that may be there.
    pub fn maybe_section<'t>(&mut self, from: &mut Section<'t>, key: &str) -> Option<Section<'t>> {
        let value = from.take(key)?;
        self.section(&from.path(key), value)
    }

    /// Ends a table: what is left in it is unknown.
    pub fn end(&mut self, section: Section<'_>) {
        #[cfg(test)]
        self.keys.extend(section.asked.iter().map(|key| section.path(key)));
        let called = section.called();
        let asked = || section.asked.iter().map(String::as_str);
        let mut meant = Vec::new();
        for (key, _) in section.table {
            meant.extend(near(&key.name, asked()).map(str::to_owned));
            let right = suggest(&key.name, asked());
            self.fault(key.span.start..key.span.end, format!("{called} has no key `{}`", key.name), right);
        }
        for (key, right) in section.missing {
            // A key that is misspelled, or of the wrong type, has its own fault; it is not missing too.
            let told = format!("`{key}` in {called}");
            if !meant.contains(&key) && !self.faults.iter().any(|f| f.wrong.starts_with(&told)) {
                self.fault(section.at.clone(), format!("{called} has no `{key}`"), right);
            }
        }
    }
}

impl<'t> Section<'t> {
    pub fn root(table: Table<'t>, length: usize) -> Self {
        Self {
            name: String::new(),
            called: Some("the file".into()),
            at: 0..length.min(1),
            table,
            asked: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// A table that stands for a value, called so in messages.
    pub fn part(called: &str, at: Range<usize>, table: Table<'t>) -> Self {
        Self { name: String::new(), called: Some(called.to_owned()), at, table, asked: Vec::new(), missing: Vec::new() }
    }

    /// Takes a value out, whatever its type; it counts as known.
    pub fn take(&mut self, key: &str) -> Option<Value<'t>> {
        self.asked.push(key.to_owned());
        self.table.remove(key)
    }

    /// Notes that a key has to be there and is not; what it says looks like this.
    pub fn misses(&mut self, key: &str, like: &str) {
        self.missing.push((key.to_owned(), format!("add `{key} = {like}`")));
    }

    /// Notes that a table has to be there and is not.
    pub fn misses_table(&mut self, key: &str) {
        self.missing.push((key.to_owned(), format!("add [{}] and its keys", self.path(key))));
    }

    /// Takes out all that nobody has asked for.
    pub fn rest(&mut self) -> Vec<At<String>> {
        let rest = std::mem::take(&mut self.table);
        let at = |(key, _): (toml_span::value::Key<'t>, _)| At {
            at: key.span.start..key.span.end,
            value: key.name.into_owned(),
        };
        rest.into_iter().map(at).collect()
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    pub fn called(&self) -> String {
        self.called.clone().unwrap_or_else(|| format!("[{}]", self.name))
    }
}

/// Where a value stands.
pub(crate) fn span(value: &Value<'_>) -> Range<usize> {
    value.span.start..value.span.end
}

fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
