//! The id of a sentence, however it is written: `EC-06` in the files, `EC06` in a name, `ec06` in Rust.

use std::fmt;

/// An id in capitals and without its dash. Two that differ only in these are the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    family: String,
    number: String,
}

impl Id {
    /// Reads one letter with two digits, or a family of its own (`EC`, `AB`) with a number. Whether there is such a sentence is
    /// another question: `ec6` is an id that is wrong, while `utf8` or `sha256` are none.
    pub fn read(word: &str) -> Option<Id> {
        let upper = word.to_ascii_uppercase();
        let digits = upper.find(|c: char| c.is_ascii_digit())?;
        let (family, number) = upper.split_at(digits);
        let family = family.strip_suffix('-').unwrap_or(family);
        let fits = match family {
            "EC" | "AB" => number.len() <= 4,
            _ => family.len() == 1 && family.starts_with(|c: char| c.is_ascii_uppercase()) && number.len() == 2,
        };
        let id = Id { family: family.to_owned(), number: number.to_owned() };
        (fits && number.chars().all(|c| c.is_ascii_digit())).then_some(id)
    }

    /// The ids that a name begins with. Behind the last there has to be something that says what is shown.
    pub fn leading(name: &str) -> Vec<Id> {
        let words = name.split(['_', ' ', ',', ':']).filter(|word| !word.is_empty());
        words.map_while(Id::read).collect()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dash = if self.family.len() > 1 { "-" } else { "" };
        write!(f, "{}{dash}{}", self.family, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leading(name: &str) -> Vec<String> {
        Id::leading(name).iter().map(Id::to_string).collect()
    }

    #[test]
    fn every_way_of_writing_is_one_id() {
        for word in ["EC-06", "EC06", "ec06", "ec-06"] {
            assert_eq!(Id::read(word), Id::read("EC-06"), "{word}");
        }
        assert_ne!(Id::read("EC-06"), Id::read("EC-6"));
    }

    #[test]
    fn a_name_begins_with_one_id_or_several() {
        assert_eq!(leading("a05_a_row_opens_one_profile"), ["A05"]);
        assert_eq!(leading("ec06_ab036_two_acceptances"), ["EC-06", "AB-036"]);
        assert_eq!(leading("D05 a template adds"), ["D05"]);
        assert_eq!(leading("EC-40, AB-051: the last seat"), ["EC-40", "AB-051"]);
    }

    #[test]
    fn an_id_later_in_a_name_does_not_count() {
        assert!(leading("the_rule_of_a05").is_empty());
        assert_eq!(leading("a05_and_a06"), ["A05"]);
    }

    #[test]
    fn words_that_only_look_a_little_alike_are_no_ids() {
        for name in
            ["a_member", "utf8_names", "sha256_of", "e2e_flow", "a11y_tree", "x25519_keys", "A member of 12", ""]
        {
            assert!(leading(name).is_empty(), "{name}");
        }
    }
}
