//! The files that the pages ask for, embedded.

/// One file to serve.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// The absolute path it is served at.
    pub path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
}

/// Where the tokens are served.
pub(super) const TOKENS: &str = "/assets/tokens.css";
/// Where the style sheet of the parts is served.
pub(super) const COMPONENTS: &str = "/assets/components.css";
/// Where the icon of the browser tab is served.
pub(super) const MARK: &str = "/assets/mark.svg";

const CSS: &str = "text/css; charset=utf-8";

/// Every file that a page refers to.
pub fn assets() -> &'static [Asset] {
    &[
        Asset { path: TOKENS, content_type: CSS, bytes: include_bytes!("../../assets/tokens.css") },
        Asset { path: COMPONENTS, content_type: CSS, bytes: include_bytes!("../../assets/components.css") },
        Asset { path: MARK, content_type: "image/svg+xml", bytes: include_bytes!("../../assets/mark.svg") },
    ]
}
