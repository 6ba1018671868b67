//! Mail addresses: what is taken, and when two are the same (D07, AB-058, AB-059).
//!
//! An address has a form as it was typed, which mail goes to, and a *comparable* form, which identity is decided
//! by. The comparable form is: NFC, the domain in its ASCII (IDNA) form, everything in lower case. Plus tags and
//! dots are kept: `ann+x@x.io` is another person than `ann@x.io` (EC-04). Local parts are ASCII.

use unicode_normalization::UnicodeNormalization;

/// An address that passed [`Email::parse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    display: String,
    comparable: String,
}

/// Why a text is not an address, in a sentence for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadEmail(&'static str);

impl BadEmail {
    /// What is wrong and what would be right.
    pub fn sentence(self) -> &'static str {
        self.0
    }
}

impl Email {
    /// Reads an address as a person types it; blanks around it are not part of it (EC-01).
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(typed: &str) -> Result<Self, BadEmail> {
        let display: String = typed.trim().nfc().collect();
        let (local, domain) =
            display.rsplit_once('@').ok_or(BadEmail("Write an address with an @, such as ann@example.com."))?;
        check_local(local)?;
        let ascii = idna::domain_to_ascii_strict(domain)
            .map_err(|_| BadEmail("What stands after the @ is not a domain name."))?
            .to_ascii_lowercase();
        check_domain(&ascii)?;
        let comparable = format!("{}@{ascii}", local.to_ascii_lowercase());
        let display = format!("{local}@{ascii}");
        if display.len() > 254 {
            return Err(BadEmail("An address has at most 254 characters."));
        }
        Ok(Self { display, comparable })
    }

    /// As it was typed, the domain in ASCII: mail goes here.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// What decides whether two addresses are the same, compared byte by byte.
    pub fn comparable(&self) -> &str {
        &self.comparable
    }
}

fn check_local(local: &str) -> Result<(), BadEmail> {
    if local.is_empty() || local.len() > 64 {
        return Err(BadEmail("What stands before the @ has 1 to 64 characters."));
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(BadEmail("Dots cannot stand at the ends of the name, nor side by side."));
    }
    let fine = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if !local.chars().all(fine) {
        return Err(BadEmail("What stands before the @ holds a character that addresses here cannot have."));
    }
    Ok(())
}

fn check_domain(ascii: &str) -> Result<(), BadEmail> {
    let labels: Vec<&str> = ascii.split('.').collect();
    let label_is_fine = |label: &&str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if ascii.len() > 253 || !labels.iter().all(label_is_fine) {
        return Err(BadEmail("What stands after the @ is not a domain name."));
    }
    let last = labels.last().copied().unwrap_or_default();
    if labels.len() < 2 || last.len() < 2 || last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(BadEmail("This address ends too early. Add the rest, such as .com."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Email::parse(a).unwrap().comparable() == Email::parse(b).unwrap().comparable()
    }

    #[test]
    fn ec01_letter_case_and_blanks_around_make_no_difference() {
        assert!(same("Ann@X.io", " ann@x.io "));
        assert_eq!(Email::parse("Ann@X.io").unwrap().display(), "Ann@x.io");
    }

    #[test]
    fn ec04_plus_tags_and_dots_are_other_people() {
        assert!(!same("ann+x@x.io", "ann@x.io"));
        assert!(!same("a.nn@x.io", "ann@x.io"));
    }

    #[test]
    fn ab058_look_alikes_are_never_the_same_address() {
        for other in ["ann@gıthub.com", "ann@xn--gthub-n4a.com", "ann@githüb.com"] {
            assert!(Email::parse(other).is_err() || !same(other, "ann@github.com"), "{other}");
        }
        assert!(Email::parse("änn@x.io").is_err());
        assert!(Email::parse("\u{ff21}nn@x.io").is_err());
        // One domain in its two spellings is one domain.
        assert!(same("ann@bücher.example", "ann@xn--bcher-kva.example"));
    }

    #[test]
    fn ab066_what_is_not_one_address_is_refused() {
        for bad in [
            "",
            "ann",
            "@x.io",
            "ann@",
            "ann@x",
            "ann@x.",
            "ann@.io",
            "a b@x.io",
            "a@b@x.io",
            "ann@x.io,bob@x.io",
            "ann@x.io\nbcc: bob@x.io",
            "ann@x.io\0",
            "ann@-x.io",
            "ann@1.2",
            "ann@x.1",
            ".ann@x.io",
            "a..b@x.io",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Email::parse(&format!("{}@x.io", "a".repeat(65))).is_err());
    }
}
