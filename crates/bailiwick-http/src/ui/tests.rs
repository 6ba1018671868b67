//! Every page in every state: well-formed, labelled, escaped, fit for a strict content policy.

use std::collections::{HashMap, HashSet};

use super::{
    assets,
    pages::{audit, confirm, demo, edit, home, invitation, member, team, workspaces},
    samples::{self, Sample},
};

const VOID: &[&str] = &["br", "hr", "img", "input", "link", "meta"];
const HOSTILE: &str = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>";

/// One tag as it stands in the document.
struct Tag<'a> {
    name: &'a str,
    closing: bool,
    attributes: HashMap<&'a str, &'a str>,
}

/// The tags of a document, in order. Texts and values hold no angle brackets: they are escaped.
fn tags(html: &str) -> Vec<Tag<'_>> {
    html.split('<').skip(1).filter_map(|rest| rest.split_once('>')).filter_map(|(tag, _)| read(tag)).collect()
}

fn read(tag: &str) -> Option<Tag<'_>> {
    let closing = tag.starts_with('/');
    if tag.ends_with('/') {
        return None;
    }
    let tag = tag.trim_start_matches('/');
    let (name, rest) = tag.split_once(' ').unwrap_or((tag, ""));
    (!name.starts_with('!')).then(|| Tag { name, closing, attributes: attributes(rest) })
}

fn attributes(mut rest: &str) -> HashMap<&str, &str> {
    let mut found = HashMap::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let name = &rest[..end];
        rest = &rest[end..];
        let value = rest.strip_prefix("=\"").and_then(|value| value.split_once('"'));
        found.insert(name, value.map_or("", |(value, _)| value));
        rest = value.map_or(rest, |(_, after)| after);
    }
    found
}

fn each_sample(check: impl Fn(&Sample, &[Tag<'_>])) {
    for sample in samples::every() {
        check(&sample, &tags(&sample.html));
    }
}

fn named(sample: &Sample) -> String {
    format!("{}--{}", sample.page, sample.state)
}

#[test]
fn every_page_is_balanced_with_one_main_and_one_title() {
    each_sample(|sample, tags| {
        let mut open = Vec::new();
        for tag in tags.iter().filter(|tag| !VOID.contains(&tag.name)) {
            if tag.closing {
                assert_eq!(open.pop(), Some(tag.name), "{}", named(sample));
            } else {
                open.push(tag.name);
            }
        }
        assert!(open.is_empty(), "{} leaves {open:?} open", named(sample));
        for name in ["main", "h1", "title"] {
            let count = tags.iter().filter(|tag| tag.name == name && !tag.closing).count();
            assert_eq!(count, 1, "{}: {name}", named(sample));
        }
    });
}

#[test]
fn ids_are_unique_and_what_refers_to_them_finds_them() {
    each_sample(|sample, tags| {
        let all: Vec<&str> = tags.iter().filter_map(|tag| tag.attributes.get("id").copied()).collect();
        let ids: HashSet<&str> = all.iter().copied().collect();
        assert_eq!(all.len(), ids.len(), "{}: {all:?}", named(sample));
        for tag in tags {
            for reference in ["for", "aria-describedby", "aria-labelledby", "popovertarget"] {
                for id in tag.attributes.get(reference).into_iter().flat_map(|ids| ids.split(' ')) {
                    assert!(ids.contains(id), "{}: {reference}={id}", named(sample));
                }
            }
            if let Some(id) = tag.attributes.get("href").and_then(|href| href.strip_prefix('#')) {
                assert!(ids.contains(id), "{}: #{id}", named(sample));
            }
        }
    });
}

#[test]
fn every_control_has_a_label() {
    each_sample(|sample, tags| {
        let labelled: HashSet<&str> = tags.iter().filter_map(|tag| tag.attributes.get("for").copied()).collect();
        let mut in_label = false;
        for tag in tags {
            if tag.name == "label" {
                in_label = !tag.closing;
            }
            let control = ["input", "select", "textarea"].contains(&tag.name) && !tag.closing;
            let hidden = tag.attributes.get("type") == Some(&"hidden");
            if control && !hidden {
                let by_id = tag.attributes.get("id").is_some_and(|id| labelled.contains(id));
                let own = tag.attributes.contains_key("aria-label");
                assert!(in_label || by_id || own, "{}: {:?}", named(sample), tag.attributes);
            }
        }
    });
}

#[test]
fn every_form_that_posts_carries_its_proofs() {
    each_sample(|sample, _| {
        for form in sample.html.split("<form ").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            if form.starts_with("method=\"post\"") {
                for name in ["csrf", "command"] {
                    assert!(form.contains(&format!("name=\"{name}\"")), "{}: {name}", named(sample));
                }
            }
        }
    });
}

#[test]
fn no_page_needs_a_loose_content_policy() {
    each_sample(|sample, tags| {
        for forbidden in ["<script", "<style", "javascript:", "data:"] {
            assert!(!sample.html.contains(forbidden), "{}: {forbidden}", named(sample));
        }
        for tag in tags {
            for name in tag.attributes.keys() {
                assert!(*name != "style" && !name.starts_with("on"), "{}: {name}", named(sample));
            }
        }
        assert!(sample.html.len() < 60_000, "{} has {} bytes", named(sample), sample.html.len());
    });
}

#[test]
fn the_style_sheets_are_small_and_ask_for_nothing_else() {
    let css: Vec<&assets::Asset> = assets::assets().iter().filter(|asset| asset.path.ends_with(".css")).collect();
    assert!(css.iter().map(|asset| asset.bytes.len()).sum::<usize>() < 30_000);
    for asset in css {
        let text = String::from_utf8_lossy(asset.bytes);
        for forbidden in ["url(", "@import", "data:"] {
            assert!(!text.contains(forbidden), "{}: {forbidden}", asset.path);
        }
    }
}

#[test]
fn ab126_names_are_escaped_wherever_they_stand() {
    for (page, html) in hostile_pages() {
        assert!(html.contains("&lt;script&gt;"), "{page} shows the name");
        assert!(!html.contains("<script"), "{page}");
        assert!(!html.contains("<img"), "{page}");
    }
}

fn hostile_pages() -> Vec<(&'static str, String)> {
    vec![
        ("team", hostile_team()),
        ("member", hostile_member()),
        ("edit", hostile_edit()),
        ("home", hostile_home()),
        ("invitation", hostile_invitation()),
        ("confirm", hostile_confirm()),
        ("audit", hostile_audit()),
        ("demo", hostile_demo()),
        ("workspaces", hostile_workspaces()),
    ]
}

fn first<V>(samples: Vec<(&'static str, V)>) -> V {
    samples.into_iter().next().expect("a page has a sample").1
}

fn hostile_team() -> String {
    let mut view = first(team::samples());
    view.shell.workspace = Some(HOSTILE.to_owned());
    view.shell.title = HOSTILE.to_owned();
    for row in view.groups.iter_mut().flat_map(|group| &mut group.rows) {
        row.name = HOSTILE.to_owned();
        row.below = team::Below::Sent(samples::when(HOSTILE), HOSTILE.to_owned());
        row.cells = vec![team::Cell::Because(HOSTILE.to_owned(), HOSTILE.to_owned())];
    }
    team::page(&view).into_string()
}

fn hostile_member() -> String {
    let mut view = first(member::samples());
    view.name = HOSTILE.to_owned();
    view.missing = vec![HOSTILE.to_owned()];
    member::page(&view).into_string()
}

fn hostile_edit() -> String {
    let mut view = first(edit::samples());
    view.about = HOSTILE.to_owned();
    view.title = HOSTILE.to_owned();
    view.email = Some(edit::EmailField { value: HOSTILE.to_owned(), hint: HOSTILE.to_owned() });
    view.access.grid = view.access.grid.map(|grid| super::kit::Grid { template: Some(HOSTILE.to_owned()), ..grid });
    edit::page(&view).into_string()
}

fn hostile_home() -> String {
    let mut view = first(home::samples());
    view.workspace = HOSTILE.to_owned();
    view.ask = vec![(HOSTILE.to_owned(), HOSTILE.to_owned())];
    home::page(&view).into_string()
}

fn hostile_invitation() -> String {
    let mut view = first(invitation::samples());
    let workspace = HOSTILE.to_owned();
    view.state = invitation::InvitationState::Expired { inviter: HOSTILE.to_owned(), workspace };
    invitation::page(&view).into_string()
}

fn hostile_confirm() -> String {
    let mut view = first(confirm::samples());
    view.title = HOSTILE.to_owned();
    view.type_name = Some(confirm::TypeName { name: HOSTILE.to_owned(), typed: HOSTILE.to_owned() });
    confirm::page(&view).into_string()
}

fn hostile_audit() -> String {
    let mut view = first(audit::samples());
    for entry in view.days.iter_mut().flat_map(|day| &mut day.entries) {
        entry.sentence = HOSTILE.to_owned();
        entry.actor = super::kit::Actor::Person(HOSTILE.to_owned());
    }
    audit::page(&view).into_string()
}

fn hostile_demo() -> String {
    let mut view = first(demo::samples());
    for mail in &mut view.mails {
        mail.subject = HOSTILE.to_owned();
        mail.text = format!("{HOSTILE} https://a.example/{HOSTILE}");
    }
    demo::page(&view).into_string()
}

fn hostile_workspaces() -> String {
    let mut view = first(workspaces::samples());
    for line in &mut view.workspaces {
        line.name = HOSTILE.to_owned();
    }
    workspaces::page(&view).into_string()
}
