//! Words of users, made inert before they reach a subject, a header or a body (AB-046, EC-27).
//!
//! An invitation goes to a stranger under the product's good name, so its free texts are what a swindler writes
//! into: a link, a number to call, a line that looks like the system speaking. Four things happen to such a text:
//!
//! * Line breaks and tabs become blanks; control characters, bidi marks and characters nobody sees are dropped.
//! * A blank goes after every dot, colon, at sign and backslash inside a word: `evil.com` becomes `evil. com`.
//!   Mail clients make links of words, never across a blank. A look-alike such as the one-dot leader would keep the
//!   word whole, but address bars and spam filters read it as the dot it imitates; a blank pretends nothing.
//! * Of seven digits or more without a letter between them the first four stay, the others become `•`. Blanks
//!   would not help: clients and people read `0800 555 0199` as a number to call all the same.
//! * Double quotes become single ones, because the mails set user words apart by double quotes.
//!
//! Making an inert text inert again changes nothing.

use serde::Serialize;

/// The longest name in a mail, in characters.
const NAME: usize = 64;
/// The longest line in a mail that a user had a part in, in characters.
const LINE: usize = 160;
/// From this many digits on, a number could be one to call.
const CALLABLE: usize = 7;
/// How many digits of such a number stay readable: enough for a year, too few to call.
const READABLE: usize = 4;

/// A text that went through [`inert`]; the only form in which a user's words enter a [`Message`](super::Message).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Inert(String);

impl Inert {
    /// A name: of a person, a workspace, a role. At most 64 characters.
    pub fn name(text: &str) -> Self {
        Self::of(text, NAME)
    }

    /// A line that users had a part in, such as what a role may do on a thing of theirs. At most 160 characters.
    pub fn line(text: &str) -> Self {
        Self::of(text, LINE)
    }

    /// The text, safe to show.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(text: &str, max: usize) -> Self {
        let text = inert(text, max);
        Self(if text.is_empty() { "(no name)".to_owned() } else { text })
    }
}

/// Makes a user's text harmless for a mail and cuts it at `max` characters, an ellipsis included.
pub fn inert(text: &str, max: usize) -> String {
    cut(&one_line(&unlinked(&uncallable(&visible(text)))), max)
}

/// The text on one line, blanks collapsed; for what is trusted but must not break a header.
pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn visible(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            _ if c.is_whitespace() => Some(' '),
            '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '\u{FF02}' => Some('\''),
            _ if c.is_control() || is_invisible(c) => None,
            _ => Some(c),
        })
        .collect()
}

/// Bidi marks, joiners, fillers, variation selectors, tags and private characters.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFC}' | '\u{FFFE}'..='\u{FFFF}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
        | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

fn uncallable(text: &str) -> String {
    text.split_inclusive(char::is_alphabetic).map(uncallable_between_letters).collect()
}

fn uncallable_between_letters(stretch: &str) -> String {
    if stretch.chars().filter(|c| c.is_numeric()).count() < CALLABLE {
        return stretch.to_owned();
    }
    let mut digits = 0;
    let mut masked = |c: char| {
        digits += usize::from(c.is_numeric());
        if c.is_numeric() && digits > READABLE { '•' } else { c }
    };
    stretch.chars().map(&mut masked).collect()
}

fn unlinked(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        let next = rest.peek().copied().unwrap_or(' ');
        if makes_links(c) && before != ' ' && next != ' ' && next != c {
            out.push(' ');
        }
        before = c;
    }
    out
}

/// What joins the parts of a link, an address or a network path; with the forms that domain names know them in.
fn makes_links(c: char) -> bool {
    let dots = ['.', '\u{2024}', '\u{3002}', '\u{FE52}', '\u{FF0E}', '\u{FF61}'];
    let others = [':', '\u{FE55}', '\u{FF1A}', '@', '\u{FE6B}', '\u{FF20}', '\\', '\u{FE68}', '\u{FF3C}'];
    dots.contains(&c) || others.contains(&c)
}

fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &[(&str, &str)]) {
        for (typed, shown) in cases {
            assert_eq!(inert(typed, 64), *shown, "{typed:?}");
            assert_eq!(inert(shown, 64), *shown, "a second time: {typed:?}");
        }
    }

    #[test]
    fn ab046_links_and_addresses_are_broken_by_a_blank() {
        check(&[
            ("evil.com", "evil. com"),
            ("https://evil.com/pay?x=1", "https: //evil. com/pay?x=1"),
            ("www.evil.co.uk", "www. evil. co. uk"),
            ("http://localhost", "http: //localhost"),
            ("mailto:ann@evil.com", "mailto: ann@ evil. com"),
            ("tel:12345", "tel: 12345"),
            ("javascript:alert(1)", "javascript: alert(1)"),
            (r"\\server\share", r"\\ server\ share"),
            ("evil。com", "evil。 com"),
            ("evil\u{2024}com", "evil\u{2024} com"),
            ("evil\u{FF0E}com", "evil\u{FF0E} com"),
            ("evil.\u{200B}com", "evil. com"),
            ("evil.\ncom", "evil. com"),
            ("a..com", "a.. com"),
        ]);
    }

    #[test]
    fn ab046_numbers_to_call_are_masked() {
        check(&[
            ("Call +1 (800) 555-0199 now", "Call +1 (800) •••-•••• now"),
            ("08005550199", "0800•••••••"),
            ("0 8 0 0 5 5 5", "0 8 0 0 • • •"),
            ("0800.555.0199", "0800. •••. ••••"),
            ("٠٨٠٠٥٥٥٠١٩٩", "٠٨٠٠•••••••"),
            ("8\u{200B}00555\u{FE0F}\u{20E3}0199", "8005••\u{20E3}••••"),
        ]);
    }

    #[test]
    fn ab046_a_long_text_is_cut_with_an_ellipsis() {
        let shown = inert(&"ä".repeat(65), 64);
        assert_eq!((shown.chars().count(), shown.ends_with('…')), (64, true));
        assert_eq!(inert(&"ä".repeat(64), 64), "ä".repeat(64));
        assert_eq!(inert(&format!("{} b", "a".repeat(62)), 63), format!("{}…", "a".repeat(62)));
    }

    #[test]
    fn ab046_quotes_cannot_leave_the_quotes_around_them() {
        check(&[("x” is closed. Go to “y", "x' is closed. Go to 'y"), ("a\"b«c»", "a'b'c'")]);
    }

    #[test]
    fn ec27_line_breaks_bidi_marks_and_invisible_characters_are_gone() {
        check(&[
            ("Ann\r\nBcc: x", "Ann Bcc: x"),
            ("Ann\u{2028}B\u{85}C\tD", "Ann B C D"),
            ("\u{202E}evil\u{202C}\u{2066}x\u{2069}\u{200F}", "evilx"),
            ("A\0n\u{1b}[31mn\u{7f}", "An[31mn"),
            ("a\u{AD}b\u{FEFF}c\u{E0041}d\u{3164}e", "abcde"),
            ("  a   b  ", "a b"),
        ]);
    }

    #[test]
    fn ec27_no_single_character_gets_through_as_a_control() {
        // The planes that hold letters, and the one that holds tags.
        for c in (0..0x2_0000).chain(0xE_0000..0xE_2000).filter_map(char::from_u32) {
            let shown = inert(&format!("a{c}b"), 64);
            let fine = |c: char| c == ' ' || !(c.is_control() || c.is_whitespace() || is_invisible(c));
            assert!(shown.chars().all(fine), "{c:?} became {shown:?}");
            assert_eq!(inert(&shown, 64), shown, "{c:?}");
        }
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "Zoë O'Brien-Łukasz",
            "山田 太郎",
            "فريق المبيعات",
            "R&D / Sales (EU)",
            "J. R. R. Tolkien",
            "Summer 2026",
            ".NET team",
            "Wait...",
            "<b>Acme</b>",
        ] {
            assert_eq!(inert(name, 64), name);
        }
    }

    #[test]
    fn a_name_of_nothing_visible_says_so() {
        assert_eq!(Inert::name(" \u{200B}\n").as_str(), "(no name)");
    }
}
