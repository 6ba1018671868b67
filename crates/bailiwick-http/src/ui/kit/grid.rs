//! The permission grid: groups down, actions across, and for each box where it comes from.

use maud::{Markup, html};

use crate::ui::icons::{self, Icon};

/// Where a tick comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BoxState {
    /// No tick.
    #[default]
    Off,
    /// Given directly.
    Direct,
    /// From the template: ticked and locked.
    Template,
    /// From the template and directly: ticked and locked, and stays when the template goes.
    Both,
}

/// What a preview says of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoxChange {
    /// It comes.
    Add,
    /// It goes.
    Cut,
}

/// One box.
#[derive(Debug, Clone, Default)]
pub struct PermissionBox {
    /// What is sent as `permission`, as "conversations:view".
    pub value: String,
    /// The action, as "View".
    pub action: String,
    /// Where its tick comes from.
    pub state: BoxState,
    /// What a preview says of it.
    pub change: Option<BoxChange>,
    /// Whether giving it wants care.
    pub caution: bool,
    /// Why it cannot be changed by this person; locks it.
    pub locked: Option<String>,
}

/// One group of permissions.
#[derive(Debug, Clone, Default)]
pub struct GridRow {
    /// The group, as "Conversations".
    pub title: String,
    /// What it covers.
    pub covers: String,
    /// A box for each column; none where the group lacks the action.
    pub boxes: Vec<Option<PermissionBox>>,
}

/// The grid.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    /// Whose permissions these are, for those who do not see the table.
    pub caption: String,
    /// The actions, as column heads.
    pub columns: Vec<String>,
    /// The groups.
    pub rows: Vec<GridRow>,
    /// The name of the template that locks boxes, for the key.
    pub template: Option<String>,
    /// Said while a box that wants care is ticked, as "Users permissions reach far."
    pub care: String,
    /// A line below, as "View is ticked with any other action."
    pub note: String,
}

/// The grid with its key. A box given both ways is sent by a hidden input, since a locked one is not sent.
pub fn grid(grid: &Grid) -> Markup {
    html! {
        div {
            table.grid {
                caption.vh { (grid.caption) }
                thead { tr { th scope="col" { "Permissions" } @for title in &grid.columns { th scope="col" { (title) } } } }
                tbody { @for row in &grid.rows { (group(grid, row)) } }
            }
            (key(grid))
        }
    }
}

fn group(grid: &Grid, row: &GridRow) -> Markup {
    html! {
        tr {
            th scope="row" { (row.title) small { (row.covers) } }
            @for cell in &row.boxes { td { @if let Some(cell) = cell { (one(grid, row, cell)) } } }
        }
    }
}

fn one(grid: &Grid, row: &GridRow, cell: &PermissionBox) -> Markup {
    let from_template = matches!(cell.state, BoxState::Template | BoxState::Both);
    let both = cell.state == BoxState::Both;
    let told = told(grid, cell);
    html! {
        label.box.add[cell.change == Some(BoxChange::Add)].cut[cell.change == Some(BoxChange::Cut)] title=[told.as_deref()] {
            input.lock[from_template].both[both].care[cell.caution] type="checkbox" name="permission" value=(cell.value)
                checked[cell.state != BoxState::Off] disabled[from_template || cell.locked.is_some()];
            span {
                span.vh { (row.title) ": " } (cell.action)
                @if let Some(told) = &told { span.vh { ", " (told) } }
            }
            @if from_template { (icons::lock()) } @else if cell.caution { (Icon::Caution) }
            (sign(cell.change))
        }
        @if both || (cell.state == BoxState::Direct && cell.locked.is_some()) {
            input type="hidden" name="permission" value=(cell.value);
        }
    }
}

fn sign(change: Option<BoxChange>) -> Markup {
    html! {
        @match change {
            Some(BoxChange::Add) => i aria-hidden="true" { "+" },
            Some(BoxChange::Cut) => i aria-hidden="true" { "−" },
            None => {},
        }
    }
}

fn told(grid: &Grid, cell: &PermissionBox) -> Option<String> {
    let template = grid.template.as_deref().unwrap_or("the template");
    let from = match cell.state {
        BoxState::Template => Some(format!("from {template}")),
        BoxState::Both => Some(format!("from {template} and direct")),
        BoxState::Off | BoxState::Direct => None,
    };
    let change = cell.change.map(|change| if change == BoxChange::Add { "new" } else { "taken away" }.to_owned());
    let caution = cell.caution.then(|| "give with care".to_owned());
    let parts: Vec<String> = [cell.locked.clone(), from, change, caution].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn key(grid: &Grid) -> Markup {
    let boxes = || grid.rows.iter().flat_map(|row| row.boxes.iter().flatten());
    html! {
        ul.key.cap {
            @if let Some(template) = &grid.template {
                li { span.sample {} "direct" }
                li { span.sample.lock {} (icons::lock()) "from " (template) ", locked" }
                @if boxes().any(|cell| cell.state == BoxState::Both) {
                    li { span.sample.both {} (icons::lock()) "both: stays if the template goes" }
                }
            }
            @if !grid.note.is_empty() { li { (grid.note) } }
        }
        @if boxes().any(|cell| cell.caution) { div.caution.care-note { (Icon::Caution) p { (grid.care) } } }
    }
}
