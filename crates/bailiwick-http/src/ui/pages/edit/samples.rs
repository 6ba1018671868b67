//! The states of the page, and the questions of both presets that other pages show too.

use super::{EditView, EmailField};
use crate::ui::{
    form::Problems,
    kit::{
        AccessForm, BoxChange, BoxState, Changes, Choice, Grid, GridRow, LevelMeaning, LevelRow, Levels, Link,
        PermissionBox, RoleCard, Scope, Select, Switch,
    },
    samples::{form, properties, refused, tenant, to_team, to_users},
};

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, EditView)> {
    vec![
        ("tenant", jonas()),
        ("tenant-preview", previewed()),
        ("tenant-refused", stale()),
        ("tenant-invitation", mira()),
        ("tenant-admin", tomas()),
        ("properties", lena()),
        ("properties-preview", EditView { preview: Some(lenas_changes()), ..lena() }),
        ("properties-owner", ingrid()),
    ]
}

fn jonas() -> EditView {
    EditView {
        shell: tenant("Edit Jonas Lindqvist", "Users"),
        back: to_users(),
        about: "Jonas Lindqvist".to_owned(),
        title: "Edit Jonas Lindqvist".to_owned(),
        line: "jonas.lindqvist@example.com · joined 4 March 2026".to_owned(),
        form: form("/w/halden/team/m/edit"),
        email: Some(EmailField { value: "jonas.lindqvist@example.com".to_owned(), hint: String::new() }),
        status: Some(Select::new(
            "status",
            "Status",
            vec![Choice::new("active", "Active", true), Choice::new("suspended", "Suspended", false)],
        )),
        access: tenant_access(),
        save: "Save".to_owned(),
        remove: Some(Link::new("Delete user", "/w/halden/team/m/remove")),
        ..EditView::default()
    }
}

fn previewed() -> EditView {
    let mut view = jonas();
    if let Some(grid) = &mut view.access.grid {
        mark(grid, "conversations:delete", BoxState::Off, BoxChange::Cut);
        mark(grid, "analytics:view", BoxState::Direct, BoxChange::Add);
        mark(grid, "analytics:export", BoxState::Direct, BoxChange::Add);
    }
    view.preview = Some(Changes {
        adds: vec!["View analytics".to_owned(), "Export analytics".to_owned()],
        cuts: vec!["Delete conversations".to_owned()],
        stays: "Stays: view, create and edit conversations, view integrations, CRM records.".to_owned(),
        cautions: vec!["Jonas can then export figures of the whole tenant.".to_owned()],
        holds: "Holds from the next thing Jonas does, in every open session.".to_owned(),
    });
    view
}

fn mark(grid: &mut Grid, value: &str, state: BoxState, change: BoxChange) {
    for cell in grid.rows.iter_mut().flat_map(|row| row.boxes.iter_mut().flatten()) {
        if cell.value == value {
            cell.state = state;
            cell.change = Some(change);
        }
    }
}

fn stale() -> EditView {
    EditView {
        problems: refused(
            "Tomas Okafor changed this user while you were here.",
            "It now shows below; make your change again.",
        ),
        ..jonas()
    }
}

fn mira() -> EditView {
    EditView {
        about: "mira.jovanovic@example.com".to_owned(),
        title: "Edit the invitation".to_owned(),
        line: "mira.jovanovic@example.com · sent 2 hours ago by Priya Raman".to_owned(),
        email: Some(EmailField {
            value: "mira.jovanovic@example.com".to_owned(),
            hint: "A new address gets a new link; the old link stops.".to_owned(),
        }),
        status: None,
        resend: Some(form("/w/halden/team/i/resend")),
        ..jonas()
    }
}

fn tomas() -> EditView {
    let mut view = jonas();
    "Tomas Okafor".clone_into(&mut view.about);
    "Edit Tomas Okafor".clone_into(&mut view.title);
    for role in &mut view.access.roles {
        role.chosen = role.value == "admin";
    }
    view
}

fn lena() -> EditView {
    EditView {
        shell: properties("Edit permissions of Lena Vogt", "Team"),
        back: to_team(),
        about: "Lena Vogt".to_owned(),
        title: "Edit permissions of Lena Vogt".to_owned(),
        line: "Member · lena@example.com".to_owned(),
        form: form("/w/solberg/team/m/edit"),
        access: AccessForm {
            role: "Role".to_owned(),
            roles: roles_of_properties("member", None),
            levels: Some(properties_levels()),
            ..AccessForm::default()
        },
        save: "Save".to_owned(),
        remove: Some(Link::new("Remove from Team", "/w/solberg/team/m/remove")),
        problems: Problems::default(),
        ..EditView::default()
    }
}

fn lenas_changes() -> Changes {
    Changes {
        adds: vec!["Write on Blog: run reports, annotate and use AI chat there".to_owned()],
        cuts: vec!["Careers: Lena can no longer open it. Lena’s 3 annotations stay.".to_owned()],
        holds: "Holds at once, in every open session.".to_owned(),
        ..Changes::default()
    }
}

fn ingrid() -> EditView {
    EditView {
        about: "Ingrid Solberg".to_owned(),
        title: "Ingrid Solberg".to_owned(),
        line: "Owner · ingrid@example.com".to_owned(),
        fixed: Some(
            "The Owner cannot be removed or demoted, and cannot leave. Ownership of a team is never transferred."
                .to_owned(),
        ),
        ..lena()
    }
}

/// The roles of the properties preset, with a reason why some cannot be chosen.
pub fn roles_of_properties(chosen: &str, off: Option<&str>) -> Vec<RoleCard> {
    let card = |value: &str, title: &str, meaning: &str, levels, top| RoleCard {
        value: value.to_owned(),
        title: title.to_owned(),
        meaning: meaning.to_owned(),
        chosen: value == chosen,
        off: off.filter(|_| value != "member").map(str::to_owned),
        takes_levels: levels,
        top_level: top,
        ..RoleCard::default()
    };
    vec![
        card("admin", "Admin", "All properties, with full permissions", false, None),
        card("member", "Member", "Works on the properties you assign", true, None),
        card("viewer", "Viewer", "Reads the properties you assign", true, Some(1)),
    ]
}

/// Levels with nothing chosen.
pub fn marketing_levels() -> Levels {
    let mut levels = properties_levels();
    for row in &mut levels.rows {
        row.chosen = None;
    }
    levels
}

fn properties_levels() -> Levels {
    let meaning = |value: &str, title: &str, means: &str| LevelMeaning {
        value: value.to_owned(),
        title: title.to_owned(),
        means: means.to_owned(),
    };
    let row = |id: &str, name: &str, below: &str, level: Option<&str>| LevelRow {
        id: id.to_owned(),
        name: name.to_owned(),
        below: below.to_owned(),
        chosen: level.map(str::to_owned),
    };
    Levels {
        title: "Property access".to_owned(),
        one: "property".to_owned(),
        many: "properties".to_owned(),
        any: false,
        meanings: vec![
            meaning("read", "Read", "View data, reports, conversations and annotations"),
            meaning("write", "Write", "Read, and run reports, annotate, use AI chat"),
            meaning("admin", "Admin", "Write, and settings, connections, deletion"),
        ],
        scope: Scope::Each,
        all: None,
        rows: vec![
            row("p1", "Shop", "", Some("write")),
            row("p2", "Blog", "Was None", Some("write")),
            row("p3", "Help center", "", Some("read")),
            row("p4", "Careers", "Was Read", None),
            row("p5", "Mobile app", "", Some("admin")),
        ],
    }
}

/// The questions of the tenant preset, answered for a user with the template Standard agent.
pub fn tenant_access() -> AccessForm {
    AccessForm {
        role: "Role".to_owned(),
        roles: tenant_roles(),
        template: Some(Select {
            hint: "Preview shows what it adds.".to_owned(),
            ..Select::new(
                "template",
                "Role template",
                vec![
                    Choice::new("", "None", false),
                    Choice::new("t1", "Standard agent", true),
                    Choice::new("t2", "Manager", false),
                    Choice::new("t3", "Integrator", false),
                ],
            )
        }),
        switches: vec![Switch {
            value: "crm".to_owned(),
            title: "CRM access".to_owned(),
            says: "View and update CRM records".to_owned(),
            on: true,
            fixed: None,
        }],
        grid: Some(permission_grid()),
        ..AccessForm::default()
    }
}

fn tenant_roles() -> Vec<RoleCard> {
    vec![
        RoleCard {
            value: "user".to_owned(),
            title: "User".to_owned(),
            meaning: "Exactly the permissions given, by template or one by one".to_owned(),
            chosen: true,
            takes_template: true,
            takes_toggles: true,
            takes_direct: true,
            ..RoleCard::default()
        },
        RoleCard {
            value: "admin".to_owned(),
            title: "Admin".to_owned(),
            meaning: "Full control of the tenant, CRM access included".to_owned(),
            ..RoleCard::default()
        },
    ]
}

/// The six groups, with boxes in every state.
pub fn permission_grid() -> Grid {
    let group = |key: &str, covers: &str, actions: usize, marks: &[(usize, BoxState)], care: &[usize]| {
        let boxes = ["View", "Create", "Edit", "Delete", "Manage", "Export"].iter().enumerate().map(|(at, action)| {
            (at < actions).then(|| PermissionBox {
                value: format!("{}:{}", key.to_lowercase(), action.to_lowercase()),
                action: (*action).to_owned(),
                state: marks.iter().find(|(mark, _)| *mark == at).map_or(BoxState::Off, |(_, state)| *state),
                caution: care.contains(&at),
                ..PermissionBox::default()
            })
        });
        GridRow { title: key.to_owned(), covers: covers.to_owned(), boxes: boxes.collect() }
    };
    let (direct, template, both) = (BoxState::Direct, BoxState::Template, BoxState::Both);
    let agent = [(0, both), (1, template), (2, template), (3, direct)];
    let mut rows = vec![
        group("Conversations", "Chat, voice and email", 5, &agent, &[]),
        group("Settings", "Branding, channels and organization settings", 5, &[], &[4]),
        group("Users", "Who is in the tenant and what they may do", 5, &[], &[0, 1, 2, 3, 4]),
        group("Analytics", "Dashboards and reports", 6, &[], &[]),
        group("Integrations", "CRM connections and third parties", 5, &[(0, direct)], &[]),
        group("Experiments", "What affects routing, playbooks or assistants", 5, &[], &[]),
    ];
    if let Some(cell) = &mut rows[5].boxes[4] {
        cell.locked = Some("you do not have this".to_owned());
    }
    Grid {
        caption: "Permissions of Jonas Lindqvist".to_owned(),
        columns: ["View", "Create", "Edit", "Delete", "Manage", "Export"].map(str::to_owned).to_vec(),
        rows,
        template: Some("Standard agent".to_owned()),
        care: "Managing settings, and anything about users, reaches far. Give it with care.".to_owned(),
        note: "View is ticked with any other action.".to_owned(),
    }
}
