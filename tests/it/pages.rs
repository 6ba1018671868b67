//! Roads through the pages, as people without scripts walk them.

use crate::on_every_backend;
use crate::world::{Demo, between, row};

/// The id of the member in a row of the table.
fn member(page: &str, who: &str) -> String {
    between(row(page, who), "/team/mem_", "\"")
        .split('/')
        .next()
        .map(|id| format!("mem_{id}"))
        .expect("a row has an id")
}

on_every_backend!(x04_x05_invited_by_mail_signs_up_sees_what_was_granted_is_changed_and_removed);
fn x04_x05_invited_by_mail_signs_up_sees_what_was_granted_is_changed_and_removed(demo: &Demo) {
    let mut owner = demo.signed_in("Ingrid Solberg");
    let base = owner.workspace();
    let invite = owner.get(&format!("{base}/team/invite")).body;
    let blog = between(invite.split("Level: Blog").nth(1).expect("there is a Blog"), "name=\"level-res_", "\"");
    let level = format!("level-res_{blog}");
    let fill = [("emails", "mia.new@example.com"), ("role", "member"), ("scope", "each"), (&level, "read")];
    let sent = owner.submit(&invite, &format!("{base}/team/invite"), &fill);
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert!(owner.get(&format!("{base}/team")).body.contains("mia.new@example.com"));

    // A second browser, somebody without an account.
    let mut mia = demo.browser();
    let link = demo.link_to("mia.new@example.com");
    let page = mia.open(&link).body;
    assert!(
        page.contains("Ingrid Solberg") && page.contains("Solberg Studio") && page.contains("mia.new@example.com"),
        "{page}"
    );
    for _ in 0..3 {
        // Looking any number of times changes nothing (EC-07).
        assert_eq!(mia.open(&link).status, 200);
    }
    let short = mia.submit(&page, "/invitation/sign-up", &[("name", "Mia Moss"), ("password", "short")]);
    assert_eq!(short.status, 422);
    assert!(short.body.contains("at least 15 characters") && short.body.contains("Mia Moss"), "{}", short.body);
    let joined = mia.submit(&short.body, "/invitation/sign-up", &[("password", "a long pass phrase of mine")]);
    assert_eq!((joined.status, joined.location.as_str()), (303, base.as_str()), "{}", joined.body);
    let home = mia.get(&base).body;
    assert!(home.contains("Blog") && !home.contains("Careers"), "{home}");
    assert!(!home.contains(&format!("{base}/team\"")), "a member's menu has no team");
    assert_eq!(mia.get(&format!("{base}/team")).status, 404);

    // The link works once; to strangers it is as if it never was (EC-13).
    let mut stranger = demo.browser();
    let used = stranger.open(&link).body;
    let unknown = stranger.open("/invitations/bwi_nothing").body;
    assert!(!used.contains("Solberg") && !used.contains("mia.new"), "{used}");
    assert_eq!(used.split("<h1").nth(1), unknown.split("<h1").nth(1));

    // Changed by the owner, seen at the next click.
    let team = owner.get(&format!("{base}/team")).body;
    let id = member(&team, "Mia Moss");
    let saved =
        owner.post(&format!("{base}/team/{id}/edit"), &[("role", "member"), ("scope", "all"), ("level-all", "write")]);
    assert_eq!(saved.status, 303, "{}", saved.body);
    assert!(mia.get(&base).body.contains("Careers"));

    // Removed, and out at the next click, in the session that was open.
    let asked = owner.get(&format!("{base}/team/{id}/remove")).body;
    assert!(asked.contains("Mia Moss loses access now"), "{asked}");
    assert_eq!(owner.submit(&asked, &format!("{base}/team/{id}/remove"), &[]).status, 303);
    assert_eq!(mia.get(&base).status, 404);
    assert!(!owner.get(&format!("{base}/team")).body.contains("mia.new@example.com"));
}

on_every_backend!(x05_signs_in_by_password_and_wrong_ones_all_look_alike);
fn x05_signs_in_by_password_and_wrong_ones_all_look_alike(demo: &Demo) {
    let mut owner = demo.signed_in("Priya Raman");
    let base = owner.workspace();
    owner.post(&format!("{base}/team/invite"), &[("emails", "noa@example.com"), ("role", "user")]);
    let mut noa = demo.browser();
    noa.open(&demo.link_to("noa@example.com"));
    noa.post("/invitation/sign-up", &[("name", "Noa Lind"), ("password", "correct horse battery staple")]);
    assert_eq!(noa.post("/sign-out", &[]).status, 303);
    assert_eq!(noa.get(&base).status, 303, "signed out: the way to sign in");
    noa.get("/sign-in");
    let wrong = noa.post("/sign-in", &[("email", "noa@example.com"), ("password", "not this one at all")]);
    let unknown = noa.post("/sign-in", &[("email", "nobody@example.com"), ("password", "not this one at all")]);
    assert_eq!((wrong.status, unknown.status), (200, 200));
    let plain = |body: &str| body.replace("noa@example.com", "").replace("nobody@example.com", "");
    let shape = |body: &str| plain(body).split("name=\"command\"").next().map(str::len);
    assert_eq!(shape(&wrong.body), shape(&unknown.body), "ab067: the answers do not tell them apart");
    let right = noa.post("/sign-in", &[("email", " NOA@Example.com"), ("password", "correct horse battery staple")]);
    assert_eq!(right.status, 303, "{}", right.body);
    assert_eq!(noa.get(&base).status, 200);
}

on_every_backend!(ab017_ab014_a_member_reaches_no_form_of_the_team);
fn ab017_ab014_a_member_reaches_no_form_of_the_team(demo: &Demo) {
    let mut owner = demo.signed_in("Ingrid Solberg");
    let base = owner.workspace();
    let team = owner.get(&format!("{base}/team")).body;
    let (lena, kofi) = (member(&team, "Lena Vogt"), member(&team, "Kofi Mensah"));
    let mut by = demo.signed_in("Lena Vogt");
    for (path, form) in [
        (format!("{base}/team/{kofi}/remove"), &[][..]),
        (format!("{base}/team/{lena}/edit"), &[("role", "admin")][..]),
        (format!("{base}/team/invite"), &[("emails", "a@example.com"), ("role", "admin")][..]),
        (format!("{base}/resources/new"), &[("name", "Mine")][..]),
    ] {
        assert_eq!(by.post(&path, form).status, 404, "{path}");
    }
    // An admin sees the team and may change nobody (E17, E33).
    let mut admin = demo.signed_in("Kofi Mensah");
    assert_eq!(admin.get(&format!("{base}/team")).status, 200);
    assert_eq!(admin.post(&format!("{base}/team/{lena}/remove"), &[]).status, 404);
    assert!(owner.get(&format!("{base}/team")).body.contains("Lena Vogt"));
}

on_every_backend!(ab001_another_workspace_is_not_there);
fn ab001_another_workspace_is_not_there(demo: &Demo) {
    let mut solberg = demo.signed_in("Ingrid Solberg");
    let base = solberg.workspace();
    let team = solberg.get(&format!("{base}/team")).body;
    let lena = member(&team, "Lena Vogt");
    let mut other = demo.signed_in("Priya Raman");
    let own = other.workspace();
    for path in [
        base.clone(),
        format!("{base}/team"),
        format!("{base}/audit"),
        format!("{own}/team/{lena}"),
        format!("{own}/team/{lena}/edit"),
    ] {
        assert_eq!(other.get(&path).status, 404, "{path}");
    }
    assert_eq!(other.post(&format!("{own}/team/{lena}/remove"), &[]).status, 404);
    assert!(solberg.get(&format!("{base}/team")).body.contains("Lena Vogt"));
}

on_every_backend!(ab128_a_form_of_another_site_changes_nothing);
fn ab128_a_form_of_another_site_changes_nothing(demo: &Demo) {
    let mut owner = demo.signed_in("Priya Raman");
    let base = owner.workspace();
    let refused =
        owner.post_from_elsewhere(&format!("{base}/team/invite"), &[("emails", "evil@example.com"), ("role", "admin")]);
    assert_eq!(refused.status, 403);
    assert!(!owner.get(&format!("{base}/team")).body.contains("evil@example.com"));
}

on_every_backend!(ab128_a_form_of_unknown_origin_needs_the_token_of_this_browser);
fn ab128_a_form_of_unknown_origin_needs_the_token_of_this_browser(demo: &Demo) {
    let mut owner = demo.signed_in("Priya Raman");
    let path = format!("{}/team/invite", owner.workspace());
    let token = |page: &str| between(page, "name=\"csrf\" value=\"", "\"").to_owned();
    let own = token(&owner.get(&path).body);
    let other = {
        let mut lena = demo.signed_in("Lena Vogt");
        let home = lena.workspace();
        token(&lena.get(&home).body)
    };
    assert_ne!(own, other);
    let fields = [("emails", "old@example.com"), ("role", "admin")];
    for forged in [None, Some(""), Some(&own[1..]), Some(&other)] {
        let mut form = fields.to_vec();
        form.extend(forged.map(|token| ("csrf", token)));
        assert_eq!(owner.post_from_unknown(&path, &form).status, 403, "{forged:?}");
    }
    let mut form = fields.to_vec();
    form.push(("csrf", &own));
    assert_eq!(owner.post_from_unknown(&path, &form).status, 303);
}

on_every_backend!(ab126_markup_in_names_is_text);
fn ab126_markup_in_names_is_text(demo: &Demo) {
    let mut owner = demo.signed_in("Priya Raman");
    let base = owner.workspace();
    let name = "<script>alert(1)</script>\"'><img src=x>";
    assert_eq!(owner.post(&format!("{base}/templates/new"), &[("name", name)]).status, 303);
    for path in ["/templates", "/team", "/team/invite", "/audit"] {
        let page = owner.get(&format!("{base}{path}")).body;
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}");
    }
}

on_every_backend!(d16_d03_at_the_limit_inviting_is_off_with_the_reason_and_the_ways_out);
fn d16_d03_at_the_limit_inviting_is_off_with_the_reason_and_the_ways_out(demo: &Demo) {
    let mut owner = demo.signed_in("Priya Raman");
    let base = owner.workspace();
    let two =
        owner.post(&format!("{base}/team/invite"), &[("emails", "a@example.com b@example.com"), ("role", "user")]);
    assert_eq!(two.status, 303, "{}", two.body);
    let page = owner.get(&format!("{base}/team")).body;
    assert!(page.contains("All 20 seats are in use") && page.contains("upgrade the plan"), "{page}");
    let full = owner.post(&format!("{base}/team/invite"), &[("emails", "c@example.com"), ("role", "user")]);
    assert_eq!(full.status, 422);
    assert!(full.body.contains("No seat is free: 20 of 20 are taken"), "{}", full.body);
    assert!(!owner.get(&format!("{base}/team")).body.contains("c@example.com"));
}

on_every_backend!(d22_a_template_edit_previews_and_changes_everyone_at_once);
fn d22_a_template_edit_previews_and_changes_everyone_at_once(demo: &Demo) {
    let mut owner = demo.signed_in("Priya Raman");
    let base = owner.workspace();
    let list = owner.get(&format!("{base}/templates")).body;
    let id = between(list.split("Standard agent").nth(1).expect("it ships"), "/templates/tpl_", "\"")
        .split('/')
        .next()
        .unwrap_or_default();
    let mut maya = demo.signed_in("Maya Castellanos");
    assert!(maya.get(&base).body.contains("View, create, edit and delete conversations"));
    let form = [("name", "Standard agent"), ("permission", "conversations:view"), ("permission", "analytics:view")];
    let preview = owner.post(&format!("{base}/templates/tpl_{id}?preview"), &form);
    assert!(preview.body.contains("Maya Castellanos: View analytics"), "{}", preview.body);
    assert!(maya.get(&base).body.contains("View, create, edit and delete conversations"), "a preview changes nothing");
    assert_eq!(owner.post(&format!("{base}/templates/tpl_{id}"), &form).status, 303);
    let home = maya.get(&base).body;
    assert!(home.contains("View analytics") && !home.contains("View, create, edit"), "{home}");
}

on_every_backend!(ec25_an_unrelated_change_never_voids_a_form_and_a_changed_object_is_never_overwritten);
fn ec25_an_unrelated_change_never_voids_a_form_and_a_changed_object_is_never_overwritten(demo: &Demo) {
    let mut priya = demo.signed_in("Priya Raman");
    let mut tomas = demo.signed_in("Tomas Okafor");
    let base = priya.workspace();
    let team = priya.get(&format!("{base}/team")).body;
    let (jonas, wei) = (member(&team, "Jonas Lindqvist"), member(&team, "Wei Zhang"));
    let form = priya.get(&format!("{base}/team/{jonas}/edit")).body;
    let version = between(&form, "name=\"version\" value=\"", "\"").to_owned();
    let direct = |permission: &'static str| [("role", "user"), ("permission", permission)];
    assert_eq!(tomas.post(&format!("{base}/team/{wei}/edit"), &direct("settings:view")).status, 303);
    let mut mine = direct("analytics:view").to_vec();
    mine.push(("version", &version));
    assert_eq!(priya.post(&format!("{base}/team/{jonas}/edit"), &mine).status, 303);
    // The same form again: now the object did change.
    let stale = priya.post(&format!("{base}/team/{jonas}/edit"), &[("role", "admin"), ("version", &version)]);
    assert!(stale.body.contains("Somebody changed this meanwhile"), "{}", stale.body);
    assert!(row(&priya.get(&format!("{base}/team")).body, "Jonas Lindqvist").contains("User"));
}

on_every_backend!(what_was_saved_is_there_after_a_crash);
fn what_was_saved_is_there_after_a_crash(demo: &mut Demo) {
    let mut owner = demo.signed_in("Priya Raman");
    let base = owner.workspace();
    assert_eq!(owner.post(&format!("{base}/templates/new"), &[("name", "Night shift")]).status, 303);
    demo.crash_and_restart();
    let mut owner = demo.signed_in("Priya Raman");
    assert!(owner.get(&format!("{base}/templates")).body.contains("Night shift"));
}

on_every_backend!(ab133_ab130_pages_say_that_nothing_may_run_frame_or_be_kept);
fn ab133_ab130_pages_say_that_nothing_may_run_frame_or_be_kept(demo: &Demo) {
    let mut owner = demo.signed_in("Priya Raman");
    let base = owner.workspace();
    for path in [base.clone(), format!("{base}/team"), "/sign-in".into(), "/nothing-here".into(), "/invitation".into()]
    {
        let answer = owner.open(&path);
        let header = |name: &str| answer.headers.get(name).map(String::as_str).unwrap_or_default();
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert!(!answer.body.contains("<script") && !answer.body.contains(" style="), "{path}");
    }
    let set = owner.post("/sign-out", &[]).headers.remove("set-cookie").unwrap_or_default();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/") && !set.contains("Domain"),
        "ab087: {set}"
    );
}

on_every_backend!(ab042_ab075_a_mailed_link_signs_in_once_and_only_in_the_browser_that_asked);
fn ab042_ab075_a_mailed_link_signs_in_once_and_only_in_the_browser_that_asked(demo: &Demo) {
    let mut kofi = demo.browser();
    kofi.get("/sign-in");
    let asked = kofi.post("/sign-in/link", &[("email", "KOFI@solberg.example")]);
    assert!(asked.status == 200 && asked.body.contains("KOFI@solberg.example"), "{}", asked.body);
    let unknown = demo.browser().post("/sign-in/link", &[("email", "nobody@solberg.example")]);
    assert_eq!(unknown.status, 200, "the same answer for an address that is nobody's (ab067)");
    let mail = demo.mail_with("kofi@solberg.example", "/sign-in/link/");
    let link = format!("/sign-in/link/{}", between(&mail, "/sign-in/link/", "\""));
    // Looking at it signs nobody in, however often.
    for _ in 0..3 {
        assert!(kofi.get(&link).body.contains("Sign in"));
        assert_eq!(kofi.get("/account").status, 303);
    }
    let mut other = demo.browser();
    other.get("/sign-in");
    assert!(other.post(&link, &[]).body.contains("works in the browser that asked for it"));
    assert_eq!(other.get("/account").status, 303);
    assert_eq!(kofi.post(&link, &[]).status, 303);
    assert_eq!(kofi.get("/account").status, 200);
    // It worked once.
    let mut again = demo.browser();
    again.get("/sign-in");
    again.post(&link, &[]);
    assert_eq!(again.get("/account").status, 303);
    assert!(kofi.post(&link, &[]).body.contains("does not work") || kofi.get(&link).body.contains("no longer"), "used");
}

on_every_backend!(ab034_ec05_somebody_else_is_told_so_and_the_invitation_stays);
fn ab034_ec05_somebody_else_is_told_so_and_the_invitation_stays(demo: &Demo) {
    let mut owner = demo.signed_in("Priya Raman");
    let base = owner.workspace();
    owner.post(&format!("{base}/team/invite"), &[("emails", "secret.person@hidden.example"), ("role", "user")]);
    let link = demo.link_to("secret.person@hidden.example");
    let mut lena = demo.signed_in("Lena Vogt");
    let page = lena.open(&link).body;
    assert!(page.contains("s•••@h•••.example") && !page.contains("secret.person@hidden"), "{page}");
    assert!(page.contains("lena@solberg.example"), "it says who is signed in");
    lena.post("/invitation/accept", &[]);
    let team = owner.get(&format!("{base}/team")).body;
    assert!(row(&team, "secret.person@hidden.example").contains("Invited"));
    // The offer to switch signs out and comes back to the same invitation.
    assert_eq!(lena.post("/invitation/switch", &[]).location, "/invitation");
    assert!(lena.get("/invitation").body.contains("secret.person@hidden.example"));
}

on_every_backend!(ec09_ec12_a_link_of_an_earlier_sending_is_dead_and_the_new_one_works);
fn ec09_ec12_a_link_of_an_earlier_sending_is_dead_and_the_new_one_works(demo: &Demo) {
    let mut owner = demo.signed_in("Ingrid Solberg");
    let base = owner.workspace();
    owner.post(
        &format!("{base}/team/invite"),
        &[("emails", "ola@example.com"), ("role", "member"), ("scope", "all"), ("level-all", "read")],
    );
    let first = demo.link_to("ola@example.com");
    let team = owner.get(&format!("{base}/team")).body;
    let id = between(row(&team, "ola@example.com"), "/invitations/", "/").to_owned();
    assert_eq!(owner.post(&format!("{base}/team/invitations/{id}/resend"), &[]).status, 303);
    let second = demo.newer_link_to("ola@example.com", &first);
    let mut ola = demo.browser();
    assert!(!ola.open(&first).body.contains("Solberg Studio"), "the older link says nothing");
    assert_eq!(ola.post("/invitation/sign-up", &[("name", "Ola Nord")]).status, 200);
    assert!(ola.open(&second).body.contains("Solberg Studio"));
    assert_eq!(ola.post("/invitation/sign-up", &[("name", "Ola Nord")]).status, 303);
    // Signed in, the invited person learns how it ended.
    assert!(ola.open(&second).body.contains("accepted"));
}

on_every_backend!(every_form_of_every_page_is_taken_as_a_browser_sends_it);
fn every_form_of_every_page_is_taken_as_a_browser_sends_it(demo: &Demo) {
    for (name, paths) in [
        ("Priya Raman", &["/team/invite", "/templates/new", "/leave"][..]),
        ("Ingrid Solberg", &["/team/invite", "/resources/new"][..]),
        ("Beatriz Fonseca", &["/team/invite"][..]),
        ("Miriam Stern", &["/team/invite", "/templates/new"][..]),
        ("Odette Marchand", &["/team/invite", "/resources/new"][..]),
    ] {
        let mut person = demo.signed_in(name);
        let base = person.workspace();
        let mut pages: Vec<String> = paths.iter().map(|p| format!("{base}{p}")).collect();
        for list in ["/team", "/templates", "/resources"] {
            let page = person.get(&format!("{base}{list}")).body;
            let links = page.split("href=\"").skip(1).map(|l| l.split('"').next().unwrap_or_default().to_owned());
            pages.extend(links.filter(|l| l.starts_with(&base) && l.len() > base.len() + 30));
        }
        pages.push("/account".into());
        pages.sort();
        pages.dedup();
        assert!(pages.len() > 15, "{pages:?}");
        for path in pages {
            let page = person.get(&path);
            assert_eq!(page.status, 200, "{path}");
            let actions: Vec<String> = page
                .body
                .split("method=\"post\" action=\"")
                .skip(1)
                .map(|f| f.split('"').next().unwrap_or_default().to_owned())
                .collect();
            // Sign-out and what ends, removes or deletes is left alone here; its forms have no fields of their own.
            let harmless = |a: &&String| {
                !["sign-out", "remove", "delete", "cancel", "leave", "end", "suspend", "reactivate", "resend"]
                    .iter()
                    .any(|w| a.contains(w))
            };
            for action in actions.iter().filter(harmless) {
                let answer = person.submit(&page.body, action, &[]);
                assert!([303, 422].contains(&answer.status), "{path} -> {action}: {} {}", answer.status, answer.body);
            }
        }
    }
}
