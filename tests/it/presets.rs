//! The pages of the presets that are not walked elsewhere: their words, who is offered what, and what comes of it.

use crate::on_every_backend;
use crate::world::{Demo, between, row};

/// The id of somebody's row, from the team page.
fn id(page: &str, who: &str) -> String {
    let id = between(row(page, &format!("title=\"{who}\"")), "/team/mem_", "\"");
    format!("mem_{}", id.split('/').next().unwrap_or_default())
}

/// The id of a template, from the list of them.
fn template(list: &str, name: &str) -> String {
    let href = between(row(list, name), "/templates/tpl_", "\"");
    format!("tpl_{}", href.split('/').next().unwrap_or_default())
}

on_every_backend!(b06_b11_b12_x18_the_pages_of_chatbots);
fn b06_b11_b12_x18_the_pages_of_chatbots(demo: &Demo) {
    let mut owner = demo.signed_in("Beatriz Fonseca");
    let base = owner.workspace();
    let team = owner.get(&format!("{base}/team")).body;
    for words in
        ["Invite members", "Who works on the chatbots of Quillfeather Books", "dmitri.volkov@quillfeather.example"]
    {
        assert!(team.contains(words), "{words}: {team}");
    }
    // Member is chosen already, Owner is not to be had.
    let invite = owner.get(&format!("{base}/team/invite")).body;
    assert!(invite.contains("name=\"role\" value=\"member\" checked"), "{invite}");
    assert!(invite.contains("value=\"admin\"") && !invite.contains("value=\"owner\""), "{invite}");
    let sent = owner.submit(&invite, &format!("{base}/team/invite"), &[("emails", "nell@example.com")]);
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert!(row(&owner.get(&format!("{base}/team")).body, "nell@example.com").contains("Member"));

    // A member looks, and has no team page, until the owner changes that.
    let mut milo = demo.signed_in("Milo Janssen");
    let home = milo.get(&base).body;
    assert!(home.contains("View chatbots") && !home.contains("Create chatbots"), "{home}");
    assert_eq!(milo.get(&format!("{base}/team")).status, 404);
    let path = format!("{base}/team/{}", id(&team, "Milo Janssen"));
    assert!(owner.get(&path).body.contains("playground"), "the panel says what he can do");
    let edit = owner.get(&format!("{path}/edit")).body;
    assert!(!edit.contains("value=\"owner\""), "{edit}");
    assert_eq!(owner.submit(&edit, &format!("{path}/edit"), &[("role", "admin")]).status, 303);
    assert_eq!(milo.get(&format!("{base}/team")).status, 200);

    // The owner's own row cannot be changed; the page says whom to ask.
    let own = owner.get(&format!("{base}/team/{}/edit", id(&team, "Beatriz Fonseca"))).body;
    assert!(own.contains("contact support"), "{own}");

    // An admin invites members alone, changes no role, and removes no admin.
    let mut admin = demo.signed_in("Arjun Mehta");
    let invite = admin.get(&format!("{base}/team/invite")).body;
    assert!(invite.contains("value=\"member\"") && !invite.contains("value=\"admin\""), "{invite}");
    let forced = admin.post(&format!("{base}/team/invite"), &[("emails", "x@example.com"), ("role", "admin")]);
    assert_eq!(forced.status, 422, "{}", forced.body);
    let yara = id(&team, "Yara Haddad");
    assert_eq!(admin.get(&format!("{base}/team/{yara}/edit")).status, 404);
    admin.post(&format!("{base}/team/{}/remove", id(&team, "Sigrid Aas")), &[]);
    assert_eq!(admin.post(&format!("{base}/team/{yara}/remove"), &[]).status, 303);
    let team = owner.get(&format!("{base}/team")).body;
    assert!(team.contains("Sigrid Aas") && !team.contains("Yara Haddad"), "{team}");
}

on_every_backend!(c03_c05_c13_c19_c20_x18_the_pages_of_agents);
fn c03_c05_c13_c19_c20_x18_the_pages_of_agents(demo: &Demo) {
    let mut owner = demo.signed_in("Miriam Stern");
    let base = owner.workspace();
    let team = owner.get(&format!("{base}/team")).body;
    for words in ["User Access &amp; Permissions", "Add User", "Team &amp; User Roles"] {
        assert!(team.contains(words), "{words}: {team}");
    }
    assert!(row(&team, "Kenji Mori").contains("Supervisor"));
    // No role is chosen; none is not an answer.
    let invite = owner.get(&format!("{base}/team/invite")).body;
    assert!(!invite.contains("checked") && invite.contains("Choose"), "{invite}");
    let none =
        owner.submit(&invite, &format!("{base}/team/invite"), &[("emails", "ned@example.com"), ("role", "user")]);
    assert!(none.status == 422 && none.body.contains("Role: none is chosen"), "{}", none.body);
    let roles = owner.get(&format!("{base}/templates")).body;
    let (viewer, analyst) = (template(&roles, "Viewer"), template(&roles, "Analyst"));
    let fill = [("emails", "ned@example.com"), ("role", "user"), ("template", &*viewer)];
    assert_eq!(owner.submit(&invite, &format!("{base}/team/invite"), &fill).status, 303);
    let mail = demo.mail_with("ned@example.com", "/invitations/");
    assert!(mail.contains("Northwind Care") && mail.contains("Viewer"), "{mail}");

    // Another role at once, and what it lost is gone.
    let mut vera = demo.signed_in("Vera Novak");
    assert!(vera.get(&base).body.contains("insights and analytics"));
    let path = format!("{base}/team/{}", id(&team, "Vera Novak"));
    let edit = owner.get(&format!("{path}/edit")).body;
    assert_eq!(owner.submit(&edit, &format!("{path}/edit"), &[("template", &viewer)]).status, 303);
    assert!(!vera.get(&base).body.contains("insights and analytics"));
    assert!(owner.get(&path).body.contains("Remove access"));

    // A role in use goes only with the role that takes over.
    let delete = format!("{base}/templates/{viewer}/delete");
    assert!(owner.get(&delete).body.contains("move to another role"));
    assert!(owner.post(&delete, &[]).body.contains("Viewer is in use"));
    assert_eq!(owner.post(&delete, &[("move_to", &analyst)]).status, 303);
    assert!(vera.get(&base).body.contains("insights and analytics"));

    // Who does not hold it sees neither users nor roles.
    let mut kenji = demo.signed_in("Kenji Mori");
    for page in ["/team", "/team/invite", "/templates"] {
        assert_eq!(kenji.get(&format!("{base}{page}")).status, 404, "{page}");
    }
}
