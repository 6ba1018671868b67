//! The team: who is in it, what each may do, and who is invited. Columns and words are data of the model.

use maud::{Markup, html};

use crate::ui::{
    icons::Icon,
    kit::{
        self, Action, Filters, Limit, Link, MenuItem, Pager, Seats, Size, Status, When, action, badge, head,
        not_arrived, row_actions,
    },
    shell::{self, Shell, Width},
};

pub use samples::samples;

mod samples;

/// The page `/w/{workspace}/team`.
#[derive(Debug, Clone, Default)]
pub struct TeamView {
    /// What surrounds it.
    pub shell: Shell,
    /// The title, in the words of the model.
    pub title: String,
    /// A sentence below.
    pub about: String,
    /// The button that invites; none for those who may not.
    pub invite: Option<Action>,
    /// Further actions, as "New template".
    pub actions: Vec<Link>,
    /// People, templates, resources; fewer than two: no tabs.
    pub tabs: Vec<Tab>,
    /// Seats in use.
    pub seats: Option<Seats>,
    /// The warning at the limit.
    pub limit: Option<Limit>,
    /// What the table is filtered by; none: no filters.
    pub filters: Option<Filters>,
    /// The columns after the first and before the actions.
    pub columns: Vec<Column>,
    /// The head of the first column.
    pub who: Column,
    /// The rows, in groups: pending invitations first.
    pub groups: Vec<Group>,
    /// Nothing fits the filters: a sentence.
    pub none_found: Option<String>,
    /// Alone in the team: the first steps.
    pub alone: Option<Alone>,
    /// Whether the help for invitations that did not arrive is offered.
    pub help: bool,
    /// Other pages of the table.
    pub pager: Pager,
}

/// One tab.
#[derive(Debug, Clone)]
pub struct Tab {
    /// Its words.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// How many there are.
    pub count: Option<u32>,
    /// Whether it is the present one.
    pub current: bool,
}

/// One column.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// Its head.
    pub label: String,
    /// Its label on a narrow card; empty where the cell speaks for itself.
    pub short: String,
    /// How to order by it.
    pub sort: Option<Sort>,
}

/// Ordering by a column.
#[derive(Debug, Clone, Default)]
pub struct Sort {
    /// Where it leads.
    pub href: String,
    /// The present order.
    pub order: Order,
}

/// The order of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Not ordered by it.
    #[default]
    None,
    /// Smallest or oldest first.
    Rising,
    /// Largest or newest first.
    Falling,
}

/// A group of rows.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its head; empty: no head.
    pub title: String,
    /// How many there are in all.
    pub count: u32,
    /// The rows on this page.
    pub rows: Vec<Row>,
}

/// One person or one invitation.
#[derive(Debug, Clone)]
pub struct Row {
    /// The name, or the address of an invitation.
    pub name: String,
    /// Where its panel is; none for invitations.
    pub href: Option<String>,
    /// The line below.
    pub below: Below,
    /// Whether this is an invitation.
    pub invited: bool,
    /// Small marks, as "You".
    pub badges: Vec<String>,
    /// One cell for each column.
    pub cells: Vec<Cell>,
    /// The link that edits.
    pub edit: Option<Link>,
    /// Further actions.
    pub menu: Vec<MenuItem>,
}

/// The line below a name.
#[derive(Debug, Clone)]
pub enum Below {
    /// A line, as the address.
    Line(String),
    /// When an invitation was sent, and by whom.
    Sent(When, String),
}

/// One cell.
#[derive(Debug, Clone)]
pub enum Cell {
    /// Words.
    Text(String),
    /// Words that say there is nothing, as "None", "Off" or "Never".
    Quiet(String),
    /// Words with the reason on hover, as "Always".
    Because(String, String),
    /// A status.
    Status(Status),
    /// A moment.
    When(When),
}

/// The first steps of someone who is alone.
#[derive(Debug, Clone)]
pub struct Alone {
    /// "Nobody else is here yet".
    pub title: String,
    /// Three steps: title and sentence.
    pub steps: Vec<(String, String)>,
    /// The first step.
    pub first: Option<Link>,
}

/// The page.
pub fn page(view: &TeamView) -> Markup {
    shell::page(
        &view.shell,
        Width::Full,
        &html! {
            (head(&view.title, &view.about, &actions(view)))
            (tabs(view))
            @if let Some(limit) = &view.limit { (kit::limit(limit)) }
            @if let Some(filters) = &view.filters { (kit::filters(filters)) }
            (table(view))
            @if view.help { (not_arrived(None)) }
            @if let Some(text) = &view.none_found { p.none.muted { (text) } }
            @if let Some(alone) = &view.alone { (first_steps(alone)) }
            (kit::pager(&view.pager))
        },
    )
}

fn actions(view: &TeamView) -> Markup {
    html! {
        @for link in &view.actions { (link.button("btn")) }
        @if let Some(invite) = &view.invite { (action(invite)) }
    }
}

fn tabs(view: &TeamView) -> Markup {
    let several = view.tabs.len() > 1;
    html! {
        @if several || view.seats.is_some() {
            div.tabs {
                @if several {
                    nav aria-label={ "Parts of " (view.title) } { @for tab in &view.tabs { (one_tab(tab)) } }
                }
                @if let Some(seats) = &view.seats { (kit::seats(seats)) }
            }
        }
    }
}

fn one_tab(tab: &Tab) -> Markup {
    html! {
        a href=(tab.href) aria-current=[tab.current.then_some("page")] {
            (tab.label) @if let Some(count) = tab.count { " " (badge(&count.to_string())) }
        }
    }
}

fn table(view: &TeamView) -> Markup {
    html! {
        table.table.plain {
            caption.vh { (view.title) }
            thead { tr {
                (column(&view.who))
                @for each in &view.columns { (column(each)) }
                th.acts scope="col" { span.vh { "Actions" } }
            } }
            @for group in &view.groups { tbody {
                @if !group.title.is_empty() {
                    tr.group { th scope="rowgroup" colspan=(view.columns.len() + 2) {
                        (group.title) " " (badge(&group.count.to_string()))
                    } }
                }
                @for each in &group.rows { (row(view, each)) }
            } }
        }
    }
}

fn column(column: &Column) -> Markup {
    let Some(sort) = &column.sort else { return html! { th scope="col" { (column.label) } } };
    let (order, arrow) = match sort.order {
        Order::None => (None, ""),
        Order::Rising => (Some("ascending"), " ↑"),
        Order::Falling => (Some("descending"), " ↓"),
    };
    html! {
        th scope="col" aria-sort=[order] {
            a href=(sort.href) { (column.label) span aria-hidden="true" { (arrow) } }
        }
    }
}

fn row(view: &TeamView, row: &Row) -> Markup {
    html! {
        tr {
            th.who scope="row" { span { (face(row)) span { span.name { (name(row)) } (below(&row.below)) } } }
            @for (column, each) in view.columns.iter().zip(&row.cells) { (cell(column, each)) }
            (row_actions(&row.name, row.edit.as_ref(), &row.menu))
        }
    }
}

fn face(row: &Row) -> Markup {
    if row.invited { kit::open_avatar(Icon::Mail, Size::Middle) } else { kit::avatar(&row.name, Size::Middle) }
}

fn name(row: &Row) -> Markup {
    html! {
        @if let Some(href) = &row.href { a href=(href) title=(row.name) { (row.name) } } @else { b title=(row.name) { (row.name) } }
        @for text in &row.badges { (badge(text)) }
    }
}

fn below(below: &Below) -> Markup {
    match below {
        Below::Line(line) => html! { small title=(line) { (line) } },
        Below::Sent(when, by) => html! { small { "Sent " (when) " by " (by) } },
    }
}

fn cell(column: &Column, cell: &Cell) -> Markup {
    let label = (!column.short.is_empty()).then_some(column.short.as_str());
    match cell {
        Cell::Text(text) => html! { td data-k=[label] { (text) } },
        Cell::Quiet(text) => html! { td.blank[label.is_none()] data-k=[label] { span.muted { (text) } } },
        Cell::Because(text, reason) => html! { td data-k=[label] { span title=(reason) { (text) } } },
        Cell::Status(status) => html! { td data-k=[label] { (status) } },
        Cell::When(when) => html! { td data-k=[label] { (when) } },
    }
}

fn first_steps(alone: &Alone) -> Markup {
    html! {
        section.empty {
            h2 { (alone.title) }
            ol.steps { @for (title, text) in &alone.steps { li { strong { (title) } span.muted { (text) } } } }
            @if let Some(first) = &alone.first { (first.button("btn")) }
        }
    }
}
