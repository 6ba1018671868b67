//! The link of a mail: always below the configured public address (AB-043), never printed (AB-040).

use std::fmt;

use serde::Serialize;

/// The longest link. Above it a line of the mail would come near the 998 bytes that relays must take.
const LONGEST: usize = 700;

/// A link to a page of ours, with its secret.
///
/// It holds only characters that neither HTML nor a plain text could misread, so templates may write it as it is.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Link(String);

/// What was given is no link to a page of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a link to a page below the public address")]
pub struct BadLink;

impl Link {
    /// The link to `path` below the configured public address; there is no way to make one from a request's host.
    ///
    /// # Errors
    /// When the address is not `http` or `https`, the path does not begin with exactly one slash, or either holds
    /// a character that has no business in a link.
    pub fn below(public_address: &str, path: &str) -> Result<Self, BadLink> {
        let address = public_address.trim_end_matches('/');
        let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).ok_or(BadLink)?;
        let leads_elsewhere = host.is_empty() || !path.starts_with('/') || path.starts_with("//");
        let link = format!("{address}{path}");
        if leads_elsewhere || link.len() > LONGEST || !link.chars().all(is_harmless) {
            return Err(BadLink);
        }
        Ok(Self(link))
    }

    /// A link of the form that real ones have; it leads nowhere.
    pub(super) fn sample() -> Self {
        Self("https://team.example.com/sample#s4mple".to_owned())
    }

    /// The whole link, with its secret.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Address characters without `&`, `'`, `@` and brackets; a link of ours needs none of them.
fn is_harmless(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#=%+".contains(c)
}

impl fmt::Debug for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Link(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ab043_a_link_leads_below_the_public_address_or_nowhere() {
        let link = Link::below("https://team.example.com/", "/i/abc#t=1").unwrap();
        assert_eq!(link.reveal(), "https://team.example.com/i/abc#t=1");
        for (address, path) in [
            ("team.example.com", "/i"),
            ("javascript://team.example.com", "/i"),
            ("https://", "/i"),
            ("https://team.example.com", "@evil.com/i"),
            ("https://team.example.com", ".evil.com/i"),
            ("https://team.example.com", "//evil.com/i"),
            ("https://team.example.com", "/i\"onclick=x"),
            ("https://team.example.com", "/i\r\nBcc: x"),
            ("https://team.example.com", "/a b"),
            ("https://you@evil.com", "/i"),
        ] {
            assert_eq!(Link::below(address, path), Err(BadLink), "{address}{path}");
        }
        assert!(Link::below("https://team.example.com", &format!("/{}", "a".repeat(700))).is_err());
    }

    #[test]
    fn ab040_a_link_does_not_print_itself() {
        let link = Link::below("https://team.example.com", "/i/secret").unwrap();
        assert!(!format!("{link:?}").contains("secret"));
    }
}
