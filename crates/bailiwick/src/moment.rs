//! Moments as people and programs read them, RFC 3339.

use bailiwick_core::time::Timestamp;

/// Written in UTC.
pub fn text(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.0).map(|t| t.to_string()).unwrap_or_default()
}

/// Read from the command line: `2026-11-24T06:00:00Z`, or a day, which begins at midnight UTC.
pub fn parse(text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == "2026-11-24".len() { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let at: Result<jiff::Timestamp, _> = whole.parse();
    at.map(|t| Timestamp(t.as_microsecond()))
        .map_err(|_| format!("`{text}` is no moment; write 2026-11-24 or 2026-11-24T06:00:00Z"))
}
