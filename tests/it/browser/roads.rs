//! Roads through the pages, click by click.

use super::browser_for;
use super::chrome::{Chrome, DESK, Find, POCKET};
use crate::world::{Demo, between};

/// Signs in as somebody of the demo, by its button.
pub fn sign_in(chrome: &Chrome, demo: &Demo, name: &str) {
    chrome.goto(&format!("http://localhost:{}/demo", demo.port));
    chrome.click(Find::Words(&format!("Sign in as {name}")));
    chrome.comes_to("/w/");
}

/// The address of the team page, from wherever one is in the workspace.
pub fn home(chrome: &Chrome) -> String {
    let url = chrome.url();
    let id = between(&format!("{url}/"), "/w/", "/").to_owned();
    format!("{}/w/{id}", url.split("/w/").next().unwrap_or_default())
}

#[test]
fn somebody_is_invited_comes_in_and_is_removed() {
    if !browser_for("somebody_is_invited_comes_in_and_is_removed") {
        return;
    }
    let demo = Demo::start();
    let owner = Chrome::start(DESK);
    sign_in(&owner, &demo, "Priya Raman");
    let home = home(&owner);
    owner.goto(&format!("{home}/team"));
    assert!(owner.text().contains("Tomas Okafor"));
    owner.click(Find::Words("Invite user"));
    owner.fill("[name=emails]", "noa@example.com");
    owner.click(Find::Words("Send invite"));
    assert!(owner.text().contains("noa@example.com"), "{}", owner.text());

    let guest = Chrome::start(POCKET);
    guest.goto(&format!("http://localhost:{}{}", demo.port, demo.link_to("noa@example.com")));
    guest.fill("[name=name]", "Noa Lind");
    guest.fill("[name=password]", "a long pass phrase of hers");
    guest.click(Find::Css("form[action='/invitation/sign-up'] button"));
    guest.comes_to("/w/");
    let inside = guest.url();

    owner.goto(&format!("{home}/team"));
    assert!(owner.text().contains("Noa Lind"));
    owner.click(Find::Words("Noa Lind"));
    owner.click(Find::Words("Delete user"));
    owner.click(Find::Css("form[action$='/remove'] button"));
    owner.goto(&format!("{home}/team"));
    assert!(!owner.text().contains("Noa Lind"));
    guest.goto(&inside);
    assert!(!guest.text().contains("Conversations"), "{}", guest.text());
}

#[test]
fn no_page_is_wider_than_a_pocket() {
    if !browser_for("no_page_is_wider_than_a_pocket") {
        return;
    }
    let demo = Demo::start();
    let chrome = Chrome::start(POCKET);
    for (name, pages) in super::pictures::PEOPLE {
        sign_in(&chrome, &demo, name);
        let home = home(&chrome);
        for page in *pages {
            chrome.goto(&format!("{home}{page}"));
            let wide = chrome.ask("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(wide.as_i64(), Some(0), "{name} {page} is too wide by so many pixels");
        }
    }
}
