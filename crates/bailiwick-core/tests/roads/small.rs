//! Small models by chance: few permissions, every device by which a right can be given.

use std::fmt::Write as _;

use crate::chance::Chance;

const TEAM: [&str; 3] = ["team:give", "team:change", "team:write"];
const ALL: [&str; 5] = ["work:one", "work:two", "team:give", "team:change", "team:write"];
const WORDS: [&str; 14] = [
    "menu",
    "page",
    "about",
    "person",
    "people",
    "invite",
    "send",
    "edit",
    "save",
    "remove",
    "removed",
    "workspace",
    "last_seen",
    "access",
];
/// The roles besides the owner's.
pub const ROLES: [&str; 3] = ["first", "second", "third"];

/// The text of one.
pub fn text(chance: &mut Chance) -> String {
    let mut text = String::from("title = \"Small\"\n[words]\n");
    for word in WORDS {
        let _ = writeln!(text, "{word} = \"{word}\"");
    }
    let resources = chance.once_in(3);
    let plans = chance.once_in(2);
    for (group, actions, grantable) in
        [("work", &["one", "two"][..], chance.once_in(2)), ("team", &["give", "change", "write"], chance.once_in(4))]
    {
        let _ = writeln!(text, "[permissions.{group}]\ntitle = \"x\"\ncovers = \"x\"\ngrantable = {grantable}");
        let _ = writeln!(text, "[permissions.{group}.actions]");
        for action in actions {
            let _ = writeln!(text, "{action} = \"do {action}\"");
        }
    }
    if resources {
        text += "[resources.thing]\ntitle = \"x\"\nplural = \"x\"\ncreate = \"work:one\"\nrename = \"thing:see\"\n\
            delete = \"thing:see\"\n[resources.thing.actions]\nsee = \"see it\"\nuse = \"use it\"\n";
        for (level, action) in [("low", "see"), ("high", "use")] {
            let _ = writeln!(
                text,
                "[[resources.thing.levels]]\nname = \"{level}\"\ntitle = \"x\"\nsays = \"x\"\nadds = [\"{action}\"]"
            );
        }
    }
    let _ = writeln!(text, "[toggles.switch]\ntitle = \"x\"\nsays = \"x\"\ngrants = {}", some(chance, &ALL, 3));
    let _ =
        writeln!(text, "[roles.owner]\ntitle = \"Owner\"\ndescribes = \"x\"\ngrants = [\"*\"]\nmanages = {ROLES:?}");
    for role in ROLES {
        let _ = writeln!(text, "[roles.{role}]\ntitle = \"{role}\"\ndescribes = \"x\"");
        let _ = writeln!(text, "grants = {}\nmanages = {}", maybe(chance, &ALL, 2), maybe(chance, &ROLES, 2));
        for (key, times) in [("exceeds", 4), ("direct", 3)] {
            let _ = writeln!(text, "{key} = {}", chance.once_in(times));
        }
        if chance.once_in(3) {
            text += "templates = true\n";
        }
        if chance.once_in(3) {
            text += "toggles = [\"switch\"]\n";
        }
        if resources && chance.once_in(2) {
            text += "assigns = \"thing\"\n";
            if chance.once_in(3) {
                text += "max_level = \"low\"\n";
            }
        }
        if plans && chance.once_in(2) {
            let _ = writeln!(text, "[roles.{role}.on.large]\ngrants = {}", maybe(chance, &ALL, 2));
        }
    }
    text += "[ownership]\nrole = \"owner\"\nsingle = true\nwhy = \"x\"\n[acts]\n";
    for act in ["invite", "change_role", "change_access", "manage_templates"] {
        let _ = writeln!(text, "{act} = \"{}\"", TEAM[chance.below(3) as usize]);
    }
    for act in [
        "view_team",
        "resend",
        "cancel",
        "suspend",
        "remove",
        "view_log",
        "rename_workspace",
        "delete_workspace",
        "manage_billing",
    ] {
        let _ = writeln!(text, "{act} = \"work:two\"");
    }
    if plans {
        for plan in ["small", "large"] {
            let _ = writeln!(text, "[[plans]]\nname = \"{plan}\"\ntitle = \"x\"");
            if chance.once_in(4) {
                let _ = writeln!(text, "lacks = {}", some(chance, &ALL, 4));
            }
        }
    }
    text
}

/// Each with a chance of one in so many, at least one.
fn some(chance: &mut Chance, of: &[&str], times: u64) -> String {
    let found = chosen(chance, of, times);
    format!("{:?}", if found.is_empty() { vec![of[chance.below(of.len() as u64) as usize]] } else { found })
}

fn maybe(chance: &mut Chance, of: &[&str], times: u64) -> String {
    format!("{:?}", chosen(chance, of, times))
}

fn chosen<'a>(chance: &mut Chance, of: &[&'a str], times: u64) -> Vec<&'a str> {
    of.iter().copied().filter(|_| chance.once_in(times)).collect()
}
