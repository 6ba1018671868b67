//! Reading `requirements/*.toml`. The files keep to a small part of TOML, one key and one plain string a line, and so does this
//! reader: what is not understood is a fault, never skipped.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::id::Id;

/// One sentence that has to be shown.
#[derive(Debug)]
pub struct Requirement {
    /// What tests call it by.
    pub id: Id,
    /// The file it stands in.
    pub file: String,
    /// Its level or severity; empty where the file has neither.
    pub weight: String,
}

const KEYS: [&str; 6] = ["id", "level", "preset", "severity", "section", "text"];

/// All sentences of the folder, file by file.
pub fn read(folder: &Path) -> Result<Vec<Requirement>, String> {
    let unreadable = |fault: std::io::Error| format!("{} cannot be read: {fault}", folder.display());
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut sentences = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(unreadable)?;
        sentences.extend(parse(&file.display().to_string(), &text)?);
    }
    let mut ids = BTreeSet::new();
    match sentences.iter().find(|sentence| !ids.insert(sentence.id.clone())) {
        Some(twice) => Err(format!("{}: {} is taken already", twice.file, twice.id)),
        None => Ok(sentences),
    }
}

/// The sentences of one file, or the first fault with its line.
pub fn parse(file: &str, text: &str) -> Result<Vec<Requirement>, String> {
    let mut tables: Vec<(usize, Vec<(&str, String)>)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let fault = |what: &str| format!("{file}:{}: {what}", at + 1);
        match line.trim() {
            "" => {}
            comment if comment.starts_with('#') => {}
            "[[requirement]]" => tables.push((at + 1, Vec::new())),
            pair => {
                let (key, value) = pair.split_once(" = ").ok_or_else(|| fault("not a key and its value"))?;
                let value = string(value).ok_or_else(|| fault("the value is not one plain string"))?;
                let (_, table) = tables.last_mut().ok_or_else(|| fault("a key outside of [[requirement]]"))?;
                if !KEYS.contains(&key) || table.iter().any(|(known, _)| *known == key) {
                    return Err(fault(&format!("`{key}` is unknown or stands here twice")));
                }
                table.push((key, value));
            }
        }
    }
    tables.into_iter().map(|(line, table)| requirement(file, line, &table)).collect()
}

fn requirement(file: &str, line: usize, table: &[(&str, String)]) -> Result<Requirement, String> {
    let value = |key: &str| table.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str());
    let id = value("id").and_then(Id::read).ok_or_else(|| format!("{file}:{line}: no id"))?;
    if value("text").is_none_or(str::is_empty) {
        return Err(format!("{file}:{line}: {id} has no text"));
    }
    let weight = value("level").or(value("severity")).unwrap_or_default().to_owned();
    Ok(Requirement { id, file: file.to_owned(), weight })
}

/// What stands between the quotes, with `\"` and `\\` undone.
fn string(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut plain = String::new();
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return None,
            '\\' => plain.push(rest.next().filter(|c| matches!(c, '"' | '\\'))?),
            c => plain.push(c),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_read_with_their_weight() {
        let text = "# words\n\n[[requirement]]\nid = \"A05\"\nlevel = \"must\"\npreset = \"profiles\"\ntext = \"One \\\"row\\\".\"\n\
                    [[requirement]]\nid = \"AB-001\"\nseverity = \"high\"\nsection = \"s\"\ntext = \"t\"\n";
        let read = parse("f.toml", text).expect("sentences");
        let told: Vec<_> = read.iter().map(|sentence| format!("{} {}", sentence.id, sentence.weight)).collect();
        assert_eq!(told, ["A05 must", "AB-001 high"]);
    }

    #[test]
    fn a_fault_is_told_with_its_line() {
        for (text, fault) in [
            ("id = \"A05\"", "f.toml:1: a key outside of [[requirement]]"),
            ("[[requirement]]\nid = 5", "f.toml:2: the value is not one plain string"),
            ("[[requirement]]\nid = \"A05\" # why", "f.toml:2: the value is not one plain string"),
            ("[[requirement]]\nid = \"A05\"\nid = \"A06\"", "f.toml:3: `id` is unknown or stands here twice"),
            ("[[requirement]]\nlevels = \"must\"", "f.toml:2: `levels` is unknown or stands here twice"),
            ("[[requirement]]\ntext = \"t\"", "f.toml:1: no id"),
            ("[[requirement]]\nid = \"A05\"", "f.toml:1: A05 has no text"),
            ("[[demand]]", "f.toml:1: not a key and its value"),
        ] {
            assert_eq!(parse("f.toml", text).expect_err(text), fault);
        }
    }
}
