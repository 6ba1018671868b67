//! People: initials in a hue of their own, a name, a line below.

use maud::{Markup, html};

use crate::ui::icons::Icon;

/// How large an avatar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// In a line of text.
    Small,
    /// In a row.
    Middle,
    /// In a head.
    Large,
}

impl Size {
    fn class(self) -> &'static str {
        match self {
            Self::Small => " s",
            Self::Middle => "",
            Self::Large => " l",
        }
    }
}

/// The initials of a name in the hue that the name always has.
pub fn avatar(name: &str, size: Size) -> Markup {
    html! { span class={ "avatar h" (hue(name)) (size.class()) } aria-hidden="true" { (initials(name)) } }
}

/// The place of someone, or something, without initials.
pub fn open_avatar(icon: Icon, size: Size) -> Markup {
    html! { span class={ "avatar open" (size.class()) } aria-hidden="true" { (icon) } }
}

/// A person with a line below.
pub fn person(name: &str, below: &str) -> Markup {
    html! {
        span.who { span {
            (avatar(name, Size::Middle))
            span { b { (name) } @if !below.is_empty() { small { (below) } } }
        } }
    }
}

/// The first letters of the first and the last word; of an address, of what stands before the at sign.
fn initials(name: &str) -> String {
    let local = name.split('@').next().unwrap_or_default();
    let mut words = local.split(|c: char| c.is_whitespace() || c == '.').filter_map(first_letter);
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

fn first_letter(word: &str) -> Option<char> {
    word.chars().find(|c| c.is_alphanumeric())
}

/// One of six hues, by FNV-1a over the name; its high bits are the ones that differ.
fn hue(name: &str) -> u32 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 13) % 6 + 1
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_come_from_the_first_and_the_last_word() {
        let cases = [
            ("Priya Raman", "PR"),
            ("ana", "A"),
            ("Ana de la Cruz", "AC"),
            ("ana.cruz@example.com", "AC"),
            ("<b>", "B"),
            ("", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(initials(name), expected, "{name}");
        }
    }
}
