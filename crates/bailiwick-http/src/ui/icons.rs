//! Icons: one stroke, sixteen units square, drawn in the colour of the text beside them.

use maud::{Markup, PreEscaped, Render, html};

/// Every icon of the pages. Decorative always: the words beside it say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// The team.
    People,
    /// One person, or the account.
    Person,
    /// Access, or a passkey.
    Key,
    /// Plan and bill.
    Card,
    /// The audit log.
    List,
    /// A set of permissions.
    Template,
    /// A resource.
    Cube,
    /// Settings.
    Sliders,
    /// Workspaces.
    Squares,
    /// Mail, or an invitation.
    Mail,
    /// Yes.
    Check,
    /// No.
    Cross,
    /// Take care.
    Caution,
    /// To know.
    Info,
    /// More of something.
    Plus,
    /// Search.
    Search,
    /// A menu of actions.
    More,
    /// The navigation.
    Lines,
    /// Opens below.
    Down,
    /// Opens beside.
    Right,
    /// Back.
    Left,
    /// Opens elsewhere or chooses.
    UpDown,
    /// Time did it.
    Clock,
    /// Leave.
    Exit,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::People => {
                "M8.5 5.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0ZM1.75 13c.4-2.4 2.1-3.75 4.25-3.75S9.85 10.6 10.25 13M10.5 3.2a2.5 2.5 0 0 1 0 4.6M12 9.6c1.2.6 2 1.75 2.25 3.4"
            }
            Self::Person => {
                "M10.75 5.25a2.75 2.75 0 1 1-5.5 0 2.75 2.75 0 0 1 5.5 0ZM2.75 14c.5-2.9 2.5-4.5 5.25-4.5s4.75 1.6 5.25 4.5"
            }
            Self::Key => "M8.25 10.75a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM7.5 8.5l5.75-5.75M10.5 5.5l2 2",
            Self::Card => {
                "M3.5 3.25h9c1 0 1.75.75 1.75 1.75v6c0 1-.75 1.75-1.75 1.75h-9c-1 0-1.75-.75-1.75-1.75V5c0-1 .75-1.75 1.75-1.75ZM1.75 6.5h12.5M4.5 10h2"
            }
            Self::List => "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
            Self::Template => {
                "M8 1.75 13 3.5v4c0 3.2-2.1 5.6-5 6.75C5.1 13.1 3 10.7 3 7.5v-4zM5.75 7.75l1.6 1.6 2.9-3.1"
            }
            Self::Cube => "M2 5.25 8 2l6 3.25v5.5L8 14l-6-3.25zM2 5.25 8 8.5l6-3.25M8 8.5V14",
            Self::Sliders => {
                "M2 5h7M12.5 5H14M2 11h1.5M7 11h7M12.5 5a1.75 1.75 0 1 1-3.5 0 1.75 1.75 0 0 1 3.5 0ZM7 11a1.75 1.75 0 1 1-3.5 0A1.75 1.75 0 0 1 7 11Z"
            }
            Self::Squares => {
                "M2.5 2.5h4.25v4.25H2.5zM9.25 2.5h4.25v4.25H9.25zM2.5 9.25h4.25v4.25H2.5zM9.25 9.25h4.25v4.25H9.25z"
            }
            Self::Mail => {
                "M3.5 3.25h9c1 0 1.75.75 1.75 1.75v6c0 1-.75 1.75-1.75 1.75h-9c-1 0-1.75-.75-1.75-1.75V5c0-1 .75-1.75 1.75-1.75ZM2.5 4.75l5.5 4 5.5-4"
            }
            Self::Check => "m3.5 8.5 3 3 6-7",
            Self::Cross => "m4 4 8 8M12 4l-8 8",
            Self::Caution => "M8 2.25 14.25 13H1.75zM8 6.5v3M8 11.3v.01",
            Self::Info => "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM8 7.5V11M8 5v.01",
            Self::Plus => "M8 3.5v9M3.5 8h9",
            Self::Search => "M11.25 7a4.25 4.25 0 1 1-8.5 0 4.25 4.25 0 0 1 8.5 0ZM10.25 10.25l3 3",
            Self::More => "M3.5 8h.01M8 8h.01M12.5 8h.01",
            Self::Lines => "M2.5 5h11M2.5 11h11",
            Self::Down => "m4 6 4 4 4-4",
            Self::Right => "m6 3.5 4.5 4.5L6 12.5",
            Self::Left => "M10 3.5 5.5 8l4.5 4.5",
            Self::UpDown => "m5 6 3-3 3 3M5 10l3 3 3-3",
            Self::Clock => "M13.5 8a5.5 5.5 0 1 1-11 0 5.5 5.5 0 0 1 11 0ZM8 5v3.25L10 9.5",
            Self::Exit => "M6 2.75H4c-.8 0-1.25.45-1.25 1.25v8c0 .8.45 1.25 1.25 1.25h2M10 5l3 3-3 3M13 8H6.5",
        }
    }
}

impl Render for Icon {
    fn render(&self) -> Markup {
        let width = if *self == Self::More { Some("2.25") } else { None };
        html! { svg viewBox="0 0 16 16" aria-hidden="true" { path d=(self.path()) stroke-width=[width] {} } }
    }
}

/// The mark of Bailiwick: a post and the ground that it marks out.
pub fn mark() -> Markup {
    PreEscaped(
        concat!(
            r#"<svg viewBox="0 0 20 20" aria-hidden="true">"#,
            r#"<path fill="currentColor" stroke="none" d="M2.5 2.25A1.25 1.25 0 0 1 3.75 1h1.5A1.25 1.25 0 0 1 6.5 2.25v16.5h-4z"/>"#,
            r#"<circle cx="11" cy="12.5" r="4.6" fill="none" stroke-width="3.8"/></svg>"#
        )
        .to_owned(),
    )
}

/// The small padlock on a box that a template holds.
pub fn lock() -> Markup {
    PreEscaped(
        concat!(
            r#"<svg viewBox="0 0 12 12" aria-hidden="true"><path stroke-width="1" fill-rule="evenodd" "#,
            r#"d="M3.5 5V4a2.5 2.5 0 0 1 5 0v1h1v6h-7V5zm1.25 0h2.5V4a1.25 1.25 0 0 0-2.5 0z"/></svg>"#
        )
        .to_owned(),
    )
}
