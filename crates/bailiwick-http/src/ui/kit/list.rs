//! A plain list of named things: a table of few columns that becomes cards when narrow.

use maud::{Markup, html};

use super::{Link, MenuItem, row_actions};

/// One named thing.
#[derive(Debug, Clone, Default)]
pub struct ListRow {
    /// Its name.
    pub name: String,
    /// Where it is opened.
    pub href: Option<String>,
    /// The line below; may be empty.
    pub below: String,
    /// One text for each further column.
    pub cells: Vec<String>,
    /// The link that edits.
    pub edit: Option<Link>,
    /// Further actions.
    pub menu: Vec<MenuItem>,
}

/// The table; `heads` are the columns, that of the name first.
pub fn list(caption: &str, heads: &[&str], rows: &[ListRow]) -> Markup {
    html! {
        table.table.things {
            caption.vh { (caption) }
            thead { tr {
                @for head in heads { th scope="col" { (head) } }
                th.acts scope="col" { span.vh { "Actions" } }
            } }
            tbody { @for each in rows { (row(heads, each)) } }
        }
    }
}

fn row(heads: &[&str], row: &ListRow) -> Markup {
    html! {
        tr {
            th.who scope="row" { span { span {
                @if let Some(href) = &row.href { a href=(href) { (row.name) } } @else { b { (row.name) } }
                @if !row.below.is_empty() { small { (row.below) } }
            } } }
            @for (at, (head, text)) in heads.iter().skip(1).zip(&row.cells).enumerate() {
                td data-k=[(at > 0).then_some(head)] { (text) }
            }
            (row_actions(&row.name, row.edit.as_ref(), &row.menu))
        }
    }
}
