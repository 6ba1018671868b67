//! Role templates: what each gives, who has it, and the page that edits one.

use maud::{Markup, html};

use super::edit::samples::permission_grid;
use crate::ui::{
    form::{FormMeta, Problems},
    kit::{
        Action, BoxState, Changes, Grid, Link, ListRow, MenuItem, Panel, Text, action, caution, changes, empty, grid,
        head, list,
    },
    samples::{form, tenant, wrong},
    shell::{self, Shell, Width},
};

/// The page `/w/{workspace}/templates`.
#[derive(Debug, Clone, Default)]
pub struct TemplatesView {
    /// The title, as "Role templates".
    pub title: String,
    /// One of them, lower case: "role template".
    pub one: String,
    /// What surrounds it.
    pub shell: Shell,
    /// The button that makes one; none for those who may not.
    pub new: Option<Action>,
    /// The templates.
    pub templates: Vec<TemplateLine>,
}

/// One template.
#[derive(Debug, Clone, Default)]
pub struct TemplateLine {
    /// Its name.
    pub name: String,
    /// What it gives, in words.
    pub gives: String,
    /// Who has it, as "6 users, 1 invited".
    pub used_by: String,
    /// Where it is edited.
    pub edit: Option<String>,
    /// Where it is deleted.
    pub delete: Option<String>,
}

/// The page that makes or edits a template. Sends `name` and `permission`; `?preview` saves nothing.
#[derive(Debug, Clone, Default)]
pub struct TemplateView {
    /// What surrounds it.
    pub shell: Shell,
    /// The way back to the list.
    pub back: Link,
    /// The title, as "Edit Manager".
    pub title: String,
    /// Its name, or what was typed.
    pub name: String,
    /// What it gives.
    pub grid: Grid,
    /// Whom a change concerns, as "3 users and 1 invitation have it; they change with it."; may be empty.
    pub concerns: String,
    /// What a change would do, after a preview.
    pub preview: Option<Changes>,
    /// Saves.
    pub form: FormMeta,
    /// What was wrong.
    pub problems: Problems,
    /// The way to deletion.
    pub delete: Option<Link>,
}

/// The list.
pub fn page(view: &TemplatesView) -> Markup {
    let about = "Sets of permissions to give at once. Who has one changes with it.";
    let actions = html! { @if let Some(new) = &view.new { (action(new)) } };
    let rows: Vec<ListRow> = view.templates.iter().map(|line| row(line, &view.one)).collect();
    shell::page(
        &view.shell,
        Width::Full,
        &html! {
            (head(&view.title, about, &actions))
            @if rows.is_empty() {
                (empty("None yet", "Make one for work that several people do alike.", None))
            } @else { (list(&view.title, &["Name", "Gives", "Used by"], &rows)) }
        },
    )
}

fn row(line: &TemplateLine, one: &str) -> ListRow {
    ListRow {
        name: line.name.clone(),
        href: line.edit.clone(),
        cells: vec![line.gives.clone(), line.used_by.clone()],
        edit: line.edit.as_ref().map(|href| Link::new("Edit", href)),
        menu: line.delete.iter().map(|href| MenuItem::danger(&format!("Delete {one}"), href)).collect(),
        ..ListRow::default()
    }
}

/// The page that edits one.
pub fn editor(view: &TemplateView) -> Markup {
    let panel =
        Panel { shell: &view.shell, width: Width::Full, back: &view.back, about: None, title: &view.title, line: "" };
    panel.around(&view.form.around("", &html! { (body(view)) (foot(view)) }))
}

fn body(view: &TemplateView) -> Markup {
    html! {
        div.dbody.split {
            div.stack {
                (view.problems.summary())
                @if !view.concerns.is_empty() { (caution(&html! { (view.concerns) })) }
                (Text::new("name", "Name", &view.name).render(&view.problems))
                (grid(&view.grid))
            }
            (changes(view.preview.as_ref()))
        }
    }
}

fn foot(view: &TemplateView) -> Markup {
    html! {
        div.dfoot {
            @if let Some(link) = &view.delete { (link.button("btn ghost danger left")) }
            (view.form.preview("changes"))
            button.btn.primary { "Save" }
        }
    }
}

/// Every state of the list worth seeing.
pub fn samples() -> Vec<(&'static str, TemplatesView)> {
    let line = |name: &str, gives: &str, used_by: &str| TemplateLine {
        name: name.to_owned(),
        gives: gives.to_owned(),
        used_by: used_by.to_owned(),
        edit: Some("/w/halden/templates/t".to_owned()),
        delete: Some("/w/halden/templates/t/delete".to_owned()),
    };
    let view = TemplatesView {
        shell: tenant("Role templates", "Role templates"),
        title: "Role templates".to_owned(),
        one: "role template".to_owned(),
        new: Some(Action { label: "New template".to_owned(), href: "/w/halden/templates/new".to_owned(), off: None }),
        templates: vec![
            line("Integrator", "All of integrations and experiments", "1 user"),
            line("Manager", "View analytics, view users, invite users and edit users", "3 users, 1 invited"),
            line("Standard agent", "All of conversations", "6 users, 2 invited"),
            line("Night shift", "View and edit conversations", "Nobody"),
        ],
    };
    vec![("full", view.clone()), ("empty", TemplatesView { templates: Vec::new(), ..view })]
}

/// Every state of the editor worth seeing.
pub fn editor_samples() -> Vec<(&'static str, TemplateView)> {
    vec![("edit", editing()), ("new-name-taken", making())]
}

fn editing() -> TemplateView {
    TemplateView {
        shell: tenant("Edit Standard agent", "Role templates"),
        back: Link::new("Role templates", "/w/halden/templates"),
        title: "Edit Standard agent".to_owned(),
        name: "Standard agent".to_owned(),
        grid: template_grid(),
        concerns: "6 users and 2 invitations have it. They change with it, at their next action.".to_owned(),
        preview: Some(Changes {
            adds: vec!["6 users: view analytics".to_owned()],
            cuts: vec!["5 users: delete conversations; Jonas keeps it, given directly".to_owned()],
            holds: "Holds from their next action, in every open session.".to_owned(),
            ..Changes::default()
        }),
        form: form("/w/halden/templates/t"),
        problems: Problems::default(),
        delete: Some(Link::new("Delete template", "/w/halden/templates/t/delete")),
    }
}

fn template_grid() -> Grid {
    let mut grid = permission_grid();
    "Permissions of the template".clone_into(&mut grid.caption);
    grid.template = None;
    for cell in grid.rows.iter_mut().flat_map(|row| row.boxes.iter_mut().flatten()) {
        cell.locked = None;
        if cell.state != BoxState::Off {
            cell.state = BoxState::Direct;
        }
    }
    grid
}

fn making() -> TemplateView {
    TemplateView {
        title: "New template".to_owned(),
        name: "manager".to_owned(),
        concerns: String::new(),
        preview: None,
        problems: wrong("name", "There is a template Manager already. Choose another name."),
        delete: None,
        ..editing()
    }
}
