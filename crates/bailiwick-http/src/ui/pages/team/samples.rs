//! The states of the page, in both presets.

use super::{Alone, Below, Cell, Column, Group, Order, Row, Sort, Tab, TeamView};
use crate::ui::{
    kit::{self, Action, Filters, Limit, Link, Mark, MenuItem, Pager, Seats, Select, Status},
    samples::{form, properties, tenant, when},
    shell::Notice,
};

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, TeamView)> {
    vec![
        ("tenant", halden()),
        ("tenant-at-limit", at_limit()),
        ("tenant-filtered", filtered()),
        ("tenant-alone", alone()),
        ("tenant-long-names", long_names()),
        ("properties", solberg()),
        ("properties-admin", solberg_for_admins()),
    ]
}

fn halden() -> TeamView {
    let mut shell = tenant("Users", "Users");
    shell.demo_banner = true;
    TeamView {
        shell,
        title: "Users".to_owned(),
        about: "People who can sign in to Halden Outdoor, and what each of them may do.".to_owned(),
        invite: Some(Action { label: "Invite user".to_owned(), href: "/w/halden/team/invite".to_owned(), off: None }),
        actions: vec![Link::new("New template", "/w/halden/templates/new")],
        tabs: vec![
            Tab { label: "Users".to_owned(), href: "/w/halden/team".to_owned(), count: None, current: true },
            Tab {
                label: "Role templates".to_owned(),
                href: "/w/halden/templates".to_owned(),
                count: Some(5),
                current: false,
            },
        ],
        seats: Some(Seats {
            used: 15,
            waiting: 3,
            limit: 20,
            words: "18 of 20 seats".to_owned(),
            note: "3 of them invited".to_owned(),
            link: Some(Link::new("Add seats", "/w/halden/billing")),
        }),
        filters: Some(tenant_filters("")),
        who: plain("Name and email", ""),
        columns: vec![
            plain("Role", ""),
            plain("Role template", ""),
            plain("Status", ""),
            plain("CRM access", "CRM"),
            Column {
                label: "Last login".to_owned(),
                short: "Last login".to_owned(),
                sort: Some(Sort { href: "?sort=last_seen".to_owned(), order: Order::Falling }),
            },
        ],
        groups: vec![
            Group {
                title: "Pending invitations".to_owned(),
                count: 3,
                rows: vec![
                    invited("mira.jovanovic@example.com", "2 hours ago", "Standard agent", Mark::Waiting, "Invited"),
                    invited("elif.aydin@example.com", "3 days ago", "Manager", Mark::Warned, "Invited, not delivered"),
                    invited(
                        "paul.iversen@example.com",
                        "9 days ago",
                        "Standard agent",
                        Mark::Warned,
                        "Invited, link expired",
                    ),
                ],
            },
            Group { title: "Users".to_owned(), count: 15, rows: halden_people() },
        ],
        help: true,
        pager: Pager { says: "1 to 9 of 15".to_owned(), back: None, on: Some(Link::new("Next", "?after=x")) },
        ..TeamView::default()
    }
}

fn plain(label: &str, short: &str) -> Column {
    Column { label: label.to_owned(), short: short.to_owned(), sort: None }
}

fn tenant_filters(status: &str) -> Filters {
    let select = |name: &str, label: &str, values: &[&str]| {
        let choices = values.iter().map(|value| kit::Choice::new(value, value, *value == status)).collect();
        Select::new(name, label, choices)
    };
    Filters {
        action: "/w/halden/team".to_owned(),
        search: Some(String::new()),
        selects: vec![
            select("status", "Status", &["All", "Active", "Invited", "Suspended"]),
            select("role", "Role", &["All", "Admin", "User"]),
            select("template", "Template", &["All", "Standard agent", "Manager", "Integrator"]),
        ],
        keep: vec![("sort".to_owned(), "last_seen".to_owned())],
        ..Filters::default()
    }
}

fn halden_people() -> Vec<Row> {
    let mut rows = vec![
        user("Priya Raman", "Admin", "None", "Active", "Always", "Now"),
        user("Tomas Okafor", "Admin", "None", "Active", "Always", "14 minutes ago"),
        user("Jonas Lindqvist", "User", "Standard agent", "Active", "On", "2 hours ago"),
        user("Maya Castellanos", "User", "Standard agent", "Active", "On", "3 hours ago"),
        user("Wei Zhang", "User", "Integrator", "Active", "Off", "Yesterday"),
        user("Ines Duarte", "User", "Manager", "Active", "On", "Yesterday"),
        user("Felix Brandt", "User", "Standard agent", "Active", "On", "2 days ago"),
        user("Oskar Nowak", "User", "Standard agent", "Suspended", "Off", "3 months ago"),
        user("Lotte de Vries", "User", "None", "Active", "Off", "Never"),
    ];
    rows[0].badges = vec!["You".to_owned()];
    rows
}

fn user(name: &str, role: &str, template: &str, status: &str, crm: &str, seen: &str) -> Row {
    let suspended = status == "Suspended";
    let mark = if suspended { Mark::Suspended } else { Mark::Active };
    let quiet = |text: &str, none: &str| {
        if text == none { Cell::Quiet(text.to_owned()) } else { Cell::Text(text.to_owned()) }
    };
    let seen = if seen == "Never" { Cell::Quiet(seen.to_owned()) } else { Cell::When(when(seen)) };
    let crm = match crm {
        "Always" => Cell::Because(crm.to_owned(), "Admins always have CRM access".to_owned()),
        other => quiet(other, "Off"),
    };
    let status_change = if suspended {
        MenuItem::post("Reactivate", form("/w/halden/team/m/reactivate"))
    } else {
        MenuItem::link("Suspend", "/w/halden/team/m/suspend")
    };
    Row {
        name: name.to_owned(),
        href: Some("/w/halden/team/m".to_owned()),
        below: Below::Line(format!("{}@example.com", name.to_lowercase().replace(' ', "."))),
        invited: false,
        badges: Vec::new(),
        cells: vec![
            Cell::Text(role.to_owned()),
            quiet(template, "None"),
            Cell::Status(Status::new(mark, status)),
            crm,
            seen,
        ],
        edit: Some(Link::new("Edit", "/w/halden/team/m/edit")),
        menu: vec![
            MenuItem::link("Why", "/w/halden/team/m#why"),
            status_change,
            MenuItem::Rule,
            MenuItem::danger("Delete user", "/w/halden/team/m/remove"),
        ],
    }
}

fn invited(email: &str, age: &str, template: &str, mark: Mark, status: &str) -> Row {
    Row {
        name: email.to_owned(),
        href: None,
        below: Below::Sent(when(age), "Priya Raman".to_owned()),
        invited: true,
        badges: Vec::new(),
        cells: vec![
            Cell::Text("User".to_owned()),
            Cell::Text(template.to_owned()),
            Cell::Status(Status::new(mark, status)),
            Cell::Text("On".to_owned()),
            Cell::Quiet("Never".to_owned()),
        ],
        edit: Some(Link::new("Edit", "/w/halden/team/i/edit")),
        menu: vec![
            MenuItem::post("Resend invite", form("/w/halden/team/i/resend")),
            MenuItem::Rule,
            MenuItem::danger("Delete user", "/w/halden/team/i/cancel"),
        ],
    }
}

fn at_limit() -> TeamView {
    let billing = Link::new("Upgrade in Billing", "/w/halden/billing");
    let mut view = halden();
    view.shell.notice =
        Some(Notice { text: "Jonas Lindqvist is now suspended.".to_owned(), undo: Some(form("/undo")) });
    view.shell.demo_banner = false;
    view.invite = Some(Action {
        label: "Invite user".to_owned(),
        href: String::new(),
        off: Some("All seats are in use".to_owned()),
    });
    view.seats =
        Some(Seats { used: 17, waiting: 3, limit: 20, words: "20 of 20 seats".to_owned(), ..Seats::default() });
    view.limit = Some(Limit {
        sentence: "All 20 seats are in use.".to_owned(),
        remedy: "To invite someone, delete users you no longer need, or move to a larger plan.".to_owned(),
        ways: vec![billing],
    });
    view
}

fn filtered() -> TeamView {
    let mut filters = tenant_filters("Suspended");
    filters.search = Some("zzz".to_owned());
    filters.clear = Some("/w/halden/team".to_owned());
    TeamView {
        filters: Some(filters),
        groups: Vec::new(),
        help: false,
        none_found: Some("Nobody fits these filters.".to_owned()),
        pager: Pager::default(),
        ..halden()
    }
}

fn alone() -> TeamView {
    let step = |title: &str, text: &str| (title.to_owned(), text.to_owned());
    let mut me = user("Priya Raman", "Admin", "None", "Active", "Always", "Now");
    me.badges = vec!["You".to_owned()];
    TeamView {
        filters: None,
        help: false,
        groups: vec![Group { title: String::new(), count: 1, rows: vec![me] }],
        seats: Some(Seats { used: 1, waiting: 0, limit: 20, words: "1 of 20 seats".to_owned(), ..Seats::default() }),
        alone: Some(Alone {
            title: "Nobody else is here yet".to_owned(),
            steps: vec![
                step("Invite a colleague", "One address, or a whole list."),
                step("Choose what they may do", "A role, and a template for the details."),
                step("They join with one link", "You see them here as soon as they do."),
            ],
            first: Some(Link::new("Invite the first user", "/w/halden/team/invite")),
        }),
        pager: Pager::default(),
        ..halden()
    }
}

fn solberg() -> TeamView {
    let mut pending = member("amir@example.com", "Member", "Shop (Write), Blog (Read)", "Never", true);
    pending.below = Below::Sent(when("8 days ago"), "Ingrid Solberg".to_owned());
    let mut owner = member("Ingrid Solberg", "Owner", "All properties", "Now", false);
    owner.badges = vec!["You".to_owned()];
    owner.menu.truncate(1);
    owner.edit = None;
    TeamView {
        shell: properties("Team", "Team"),
        title: "Team".to_owned(),
        about: "Who works on the properties of Solberg Studio.".to_owned(),
        invite: Some(Action {
            label: "Invite Member".to_owned(),
            href: "/w/solberg/team/invite".to_owned(),
            off: None,
        }),
        seats: Some(Seats {
            used: 5,
            waiting: 0,
            limit: 20,
            words: "5 of 20 seats".to_owned(),
            note: "invitations take one when accepted".to_owned(),
            link: Some(Link::new("Add seats", "/w/solberg/billing")),
        }),
        tabs: vec![
            Tab { label: "People".to_owned(), href: "/w/solberg/team".to_owned(), count: None, current: true },
            Tab {
                label: "Properties".to_owned(),
                href: "/w/solberg/resources".to_owned(),
                count: Some(6),
                current: false,
            },
        ],
        who: plain("Member", ""),
        columns: vec![
            plain("Role", ""),
            plain("Property access", ""),
            plain("Status", ""),
            plain("Last active", "Last active"),
        ],
        groups: vec![
            Group { title: "Pending invitations".to_owned(), count: 1, rows: vec![pending] },
            Group {
                title: "Members".to_owned(),
                count: 5,
                rows: vec![
                    owner,
                    member("Kofi Mensah", "Admin", "All properties", "1 hour ago", false),
                    member("Lena Vogt", "Member", "Shop (Write), Help center (Read), 2 more", "3 hours ago", false),
                    member("Ravi Menon", "Member", "All properties (Write)", "Yesterday", false),
                    member("Chloe Martin", "Viewer", "Shop (Read)", "5 days ago", false),
                ],
            },
        ],
        help: true,
        ..TeamView::default()
    }
}

fn member(name: &str, role: &str, access: &str, seen: &str, invited: bool) -> Row {
    let (mark, status) = if invited { (Mark::Warned, "Expired") } else { (Mark::Active, "Active") };
    let seen = if seen == "Never" { Cell::Quiet(seen.to_owned()) } else { Cell::When(when(seen)) };
    let menu = if invited {
        vec![
            MenuItem::post("Resend", form("/w/solberg/team/i/resend")),
            MenuItem::danger("Cancel", "/w/solberg/team/i/cancel"),
        ]
    } else {
        vec![
            MenuItem::link("Why", "/w/solberg/team/m#why"),
            MenuItem::link("Change Role", "/w/solberg/team/m/edit#role"),
            MenuItem::Rule,
            MenuItem::danger("Remove from Team", "/w/solberg/team/m/remove"),
        ]
    };
    Row {
        name: name.to_owned(),
        href: (!invited).then(|| "/w/solberg/team/m".to_owned()),
        below: Below::Line(format!("{}@example.com", name.to_lowercase().replace(' ', "."))),
        invited,
        badges: Vec::new(),
        cells: vec![
            Cell::Text(role.to_owned()),
            Cell::Text(access.to_owned()),
            Cell::Status(Status::new(mark, status)),
            seen,
        ],
        edit: Some(Link::new("Edit Permissions", "/w/solberg/team/m/edit")),
        menu,
    }
}

fn solberg_for_admins() -> TeamView {
    let mut view = solberg();
    view.invite = None;
    view.help = false;
    for row in view.groups.iter_mut().flat_map(|group| &mut group.rows) {
        row.edit = None;
        row.menu.clear();
    }
    view
}

fn long_names() -> TeamView {
    let name = "Maximiliane-Wilhelmine von und zu Hohenstaufen-Braunschweig";
    let email = "maximiliane.wilhelmine.hohenstaufen@department.subsidiary.example.com";
    let mut row =
        user(name, "User", "Everything-the-night-shift-of-the-northern-warehouse-needs", "Active", "On", "Now");
    row.below = Below::Line(email.to_owned());
    let invitation = invited(email, "2 hours ago", "Standard agent", Mark::Waiting, "Invited");
    let mut view = halden();
    view.groups[0].rows = vec![invitation];
    view.groups[1].rows.insert(0, row);
    view.shell.workspace = Some("Northern Warehouse and Outdoor Equipment Holding".to_owned());
    view
}
