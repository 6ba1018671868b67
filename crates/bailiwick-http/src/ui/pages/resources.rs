//! Resources: who reaches each and at what level, naming one, and levels of several people in one step.

use maud::{Markup, html};

use crate::ui::{
    form::{FormMeta, Problems},
    kit::{
        Action, LevelMeaning, LevelRow, Link, ListRow, MenuItem, Panel, Text, action, empty, head, level_rows, list,
        person,
    },
    samples::{form, properties, wrong},
    shell::{self, Shell, Width},
};

/// The page `/w/{workspace}/resources`.
#[derive(Debug, Clone, Default)]
pub struct ResourcesView {
    /// What surrounds it.
    pub shell: Shell,
    /// Several, as "Properties".
    pub title: String,
    /// One, as "Property".
    pub one: String,
    /// The button that makes one; none for those who may not.
    pub new: Option<Action>,
    /// The resources.
    pub resources: Vec<ResourceLine>,
}

/// One resource.
#[derive(Debug, Clone, Default)]
pub struct ResourceLine {
    /// Its name.
    pub name: String,
    /// Who reaches it, as "Lena Vogt (Write), Ravi Menon (Read), 2 more".
    pub reach: String,
    /// Where levels are set.
    pub levels: Option<String>,
    /// Where it is renamed.
    pub rename: Option<String>,
    /// Where it is deleted.
    pub delete: Option<String>,
}

/// The page that makes or renames one. Sends `name`.
#[derive(Debug, Clone, Default)]
pub struct ResourceFormView {
    /// What surrounds it.
    pub shell: Shell,
    /// The way back to the list.
    pub back: Link,
    /// The title, as "New property".
    pub title: String,
    /// What was typed.
    pub name: String,
    /// Who will reach it at once, in a sentence; may be empty.
    pub hint: String,
    /// Saves.
    pub form: FormMeta,
    /// What was wrong.
    pub problems: Problems,
    /// The button, as "Create property".
    pub save: String,
}

/// The page that sets levels of several people on one resource. Sends `level-{member}` for each row.
#[derive(Debug, Clone, Default)]
pub struct ReachView {
    /// What surrounds it.
    pub shell: Shell,
    /// The way back to the list.
    pub back: Link,
    /// The resource.
    pub name: String,
    /// Who reaches it by role, in a sentence; may be empty.
    pub by_role: String,
    /// The levels, lowest first.
    pub meanings: Vec<LevelMeaning>,
    /// The people whose level can be set.
    pub rows: Vec<LevelRow>,
    /// Saves; none for those who only look.
    pub form: Option<FormMeta>,
    /// What was wrong.
    pub problems: Problems,
}

/// The list.
pub fn page(view: &ResourcesView) -> Markup {
    let about = "Who can reach each, and at what level.";
    let actions = html! { @if let Some(new) = &view.new { (action(new)) } };
    let rows: Vec<ListRow> = view.resources.iter().map(row).collect();
    let none = format!("No {} yet", view.title.to_lowercase());
    shell::page(
        &view.shell,
        Width::Full,
        &html! {
            (head(&view.title, about, &actions))
            @if rows.is_empty() { (empty(&none, "Create the first; then assign people to it.", None)) }
            @else { (list(&view.title, &[&view.one, "Who can reach it"], &rows)) }
        },
    )
}

fn row(line: &ResourceLine) -> ListRow {
    let rename = line.rename.iter().map(|href| MenuItem::link("Rename", href));
    let delete = line.delete.iter().map(|href| MenuItem::danger("Delete", href));
    ListRow {
        name: line.name.clone(),
        href: line.levels.clone(),
        cells: vec![line.reach.clone()],
        edit: line.levels.as_ref().map(|href| Link::new("Levels", href)),
        menu: rename.chain(delete).collect(),
        ..ListRow::default()
    }
}

/// The page that makes or renames one.
pub fn form_page(view: &ResourceFormView) -> Markup {
    let panel = narrow(&view.shell, &view.back, &view.title, "");
    panel.around(&view.form.around(
        "",
        &html! {
            div.dbody.stack {
                (view.problems.summary())
                (Text { hint: &view.hint, ..Text::new("name", "Name", &view.name) }.render(&view.problems))
            }
            div.dfoot { a.btn href=(view.back.href) { "Cancel" } button.btn.primary { (view.save) } }
        },
    ))
}

/// The page that sets levels of several people.
pub fn reach_page(view: &ReachView) -> Markup {
    let title = format!("Who can reach {}", view.name);
    narrow(&view.shell, &view.back, &title, &view.by_role).around(&match &view.form {
        Some(form) => form.around("", &levels_to_set(view)),
        None => levels_to_see(view),
    })
}

fn levels_to_set(view: &ReachView) -> Markup {
    html! {
        div.dbody.stack {
            (view.problems.summary())
            @if view.rows.is_empty() { p.muted { "Nobody is here to give a level to." } }
            (level_rows(&view.meanings, &view.rows))
        }
        div.dfoot { a.btn href=(view.back.href) { "Cancel" } button.btn.primary { "Save" } }
    }
}

fn levels_to_see(view: &ReachView) -> Markup {
    html! {
        div.dbody { ul.rows {
            @for row in &view.rows { li { (person(&row.name, &row.below)) span { (title_of(view, row)) } } }
        } }
    }
}

fn title_of<'a>(view: &'a ReachView, row: &LevelRow) -> &'a str {
    let chosen = view.meanings.iter().find(|level| Some(&level.value) == row.chosen.as_ref());
    chosen.map_or("None", |level| level.title.as_str())
}

fn narrow<'a>(shell: &'a Shell, back: &'a Link, title: &'a str, line: &'a str) -> Panel<'a> {
    Panel { shell, width: Width::Narrow, back, about: None, title, line }
}

/// Every state of the list worth seeing.
pub fn samples() -> Vec<(&'static str, ResourcesView)> {
    let line = |name: &str, reach: &str| ResourceLine {
        name: name.to_owned(),
        reach: reach.to_owned(),
        levels: Some("/w/solberg/resources/p/levels".to_owned()),
        rename: Some("/w/solberg/resources/p".to_owned()),
        delete: Some("/w/solberg/resources/p/delete".to_owned()),
    };
    let view = ResourcesView {
        shell: properties("Properties", "Properties"),
        title: "Properties".to_owned(),
        one: "Property".to_owned(),
        new: Some(Action { label: "New property".to_owned(), href: "/w/solberg/resources/new".to_owned(), off: None }),
        resources: vec![
            line("Blog", "Samir Aziz (Admin), Ravi Menon (Write); Owner and Admin"),
            line("Careers", "Owner and Admin"),
            line("Help center", "Lena Vogt (Read), Ravi Menon (Write); Owner and Admin"),
            line("Shop", "Lena Vogt (Write), Ravi Menon (Write), Chloe Martin (Read); Owner and Admin"),
        ],
    };
    vec![("full", view.clone()), ("empty", ResourcesView { resources: Vec::new(), ..view })]
}

/// Every state of the form worth seeing.
pub fn form_samples() -> Vec<(&'static str, ResourceFormView)> {
    let view = ResourceFormView {
        shell: properties("New property", "Properties"),
        back: Link::new("Properties", "/w/solberg/resources"),
        title: "New property".to_owned(),
        hint: "Owner and Admins reach it at once, and so does everybody with access to all properties.".to_owned(),
        form: form("/w/solberg/resources/new"),
        save: "Create property".to_owned(),
        ..ResourceFormView::default()
    };
    let taken = wrong("name", "There is a property Shop already.");
    vec![("new", view.clone()), ("name-taken", ResourceFormView { name: "shop".to_owned(), problems: taken, ..view })]
}

/// Every state of the levels worth seeing.
pub fn reach_samples() -> Vec<(&'static str, ReachView)> {
    let row = |id: &str, name: &str, below: &str, level: Option<&str>| LevelRow {
        id: id.to_owned(),
        name: name.to_owned(),
        below: below.to_owned(),
        chosen: level.map(str::to_owned),
    };
    let level = |value: &str, title: &str| LevelMeaning {
        value: value.to_owned(),
        title: title.to_owned(),
        means: String::new(),
    };
    let view = ReachView {
        shell: properties("Who can reach Shop", "Properties"),
        back: Link::new("Properties", "/w/solberg/resources"),
        name: "Shop".to_owned(),
        by_role: "Owner and Admins reach every property.".to_owned(),
        meanings: vec![level("read", "Read"), level("write", "Write"), level("admin", "Admin")],
        rows: vec![
            row("m1", "Lena Vogt", "Member", Some("write")),
            row("m2", "Ravi Menon", "Member", None),
            row("m3", "Samir Aziz", "Member", Some("admin")),
        ],
        form: Some(form("/w/solberg/resources/p/levels")),
        problems: Problems::default(),
    };
    vec![("owner", view.clone()), ("looking", ReachView { form: None, ..view })]
}
