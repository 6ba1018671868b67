//! Pictures of every page, to be looked at: `cargo xtask screenshots`.

use std::path::PathBuf;

use super::chrome::{Chrome, DESK, Look, POCKET};
use super::roads::{home, sign_in};
use crate::world::Demo;

/// Who of the demo sees which pages; after the last `/` of `/team/` comes somebody.
pub const PEOPLE: &[(&str, &[&str])] = &[
    ("Priya Raman", &["", "/team", "/team/invite", "/templates", "/templates/new", "/audit", "/leave"]),
    ("Tomas Okafor", &["", "/team"]),
];

#[test]
#[ignore = "it takes pictures; `cargo xtask screenshots` runs it"]
fn pictures_of_every_page() {
    assert!(Chrome::is_installed(), "Chromium or chromedriver is missing");
    let folder = PathBuf::from(std::env::var_os("PICTURES").expect("PICTURES names a folder"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let demo = Demo::start();
    let mut count = 0;
    for (called, look) in [("desk", DESK), ("dark", Look { dark: true, ..DESK }), ("pocket", POCKET)] {
        let chrome = Chrome::start(look);
        let mut take = |name: &str| {
            let file = folder.join(format!("{name}-{called}.png"));
            std::fs::write(&file, chrome.picture(look)).expect("a file");
            count += 1;
        };
        let at = |path: &str| format!("http://localhost:{}{path}", demo.port);
        for page in ["/demo", "/sign-in"] {
            chrome.goto(&at(page));
            take(&page[1..]);
        }
        chrome.goto(&at("/demo"));
        let people = chrome.ask("return [...document.querySelectorAll('.teams section')].map(s => s.querySelector('.vh').textContent.trim())");
        let people: Vec<String> = serde_json::from_value(people).expect("names");
        for name in &people {
            sign_in(&chrome, &demo, name);
            let (home, short) = (home(&chrome), name.split(' ').next().unwrap_or_default().to_lowercase());
            for page in ["", "/team", "/team/invite", "/templates", "/templates/new", "/resources", "/audit", "/leave"]
            {
                chrome.goto(&format!("{home}{page}"));
                take(&format!("{short}{}", page.replace('/', "-")));
            }
            chrome.goto(&format!("{home}/team"));
            let row = chrome.ask(
                "return [...document.querySelectorAll('main a[href*=\"/team/mem_\"]')].map(a => a.href).at(-1) || ''",
            );
            if let Some(row) = row.as_str().filter(|row| !row.is_empty()) {
                for page in ["", "/edit", "/remove"] {
                    chrome.goto(&format!("{row}{page}"));
                    take(&format!("{short}-member{}", page.replace('/', "-")));
                }
            }
            chrome.goto(&at("/account"));
            take(&format!("{short}-account"));
        }
    }
    println!("{count} pictures in {}", folder.display());
}
