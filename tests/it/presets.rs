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

on_every_backend!(c03_c05_c10_c13_c19_c20_c23_x18_the_pages_of_agents);
fn c03_c05_c10_c13_c19_c20_c23_x18_the_pages_of_agents(demo: &Demo) {
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
    assert!(edit.contains("Save changes"), "{edit}");
    let asked = owner.get(&format!("{path}/remove")).body;
    assert!(asked.contains("Vera Novak can no longer sign in to this workspace"), "{asked}");

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

/// The id of a resource whose boxes stand in a form.
fn boxes(form: &str, name: &str) -> String {
    let of = form
        .split("Features: ")
        .find(|part| part.starts_with(&format!("</span>{name}")))
        .expect("the resource is asked about");
    format!("level-res_{}", between(of, "name=\"level-res_", "\""))
}

on_every_backend!(a10_a11_a13_a15_a17_a28_a29_x18_the_pages_of_profiles);
fn a10_a11_a13_a15_a17_a28_a29_x18_the_pages_of_profiles(demo: &Demo) {
    let mut owner = demo.signed_in("Odette Marchand");
    let base = owner.workspace();
    let team = owner.get(&format!("{base}/team")).body;
    for words in [
        "Manage Team",
        "Invite members",
        "Entire workspace",
        "Shop assistant: All access (features added later included)",
        "Repairs: Analytics, Billing",
        "Shop assistant: Conversations, Social Conversations",
    ] {
        assert!(team.contains(words), "{words}: {team}");
    }
    assert_eq!(team.matches("title=\"Zadie Cole\"").count(), 2, "a row for each profile");

    // Nothing is ticked, and nothing is not an invitation; what each feature covers stands there.
    let path = format!("{base}/team/invite");
    let invite = owner.get(&path).body;
    assert!(invite.contains("Helpdesks, ecommerce platforms, and other connected services"), "{invite}");
    let none = owner.submit(&invite, &path, &[("emails", "ned@example.com"), ("role", "member")]);
    assert!(none.status == 422 && none.body.contains("needs at least one"), "{}", none.body);
    let (shop, desk) = (boxes(&invite, "Shop assistant"), boxes(&invite, "Wholesale desk"));
    let fill = [
        ("emails", "ned@example.com"),
        ("role", "member"),
        (&*shop, "analytics"),
        (&*shop, "billing"),
        (&*desk, "settings"),
        (&*desk, "all"),
    ];
    assert_eq!(owner.post(&path, &fill).status, 303);
    let mut ned = demo.browser();
    ned.open(&demo.link_to("ned@example.com"));
    assert_eq!(ned.post("/invitation/sign-up", &[("name", "Ned Falk")]).status, 303);
    let team = owner.get(&format!("{base}/team")).body;
    assert_eq!(team.matches("title=\"Ned Falk\"").count(), 2, "{team}");
    let home = ned.get(&base).body;
    assert!(home.contains("Shop assistant") && home.contains("Wholesale desk") && !home.contains("Repairs"), "{home}");
    assert_eq!(ned.get(&format!("{base}/team")).status, 404);

    // One more profile for somebody who is here: another invitation. The same one again is refused.
    let again = owner.post(&path, &[("emails", "tilda@lumen.example"), ("role", "member"), (&*shop, "analytics")]);
    assert!(again.status == 422 && again.body.contains("is a member already"), "{}", again.body);
    let other = owner.post(&path, &[("emails", "tilda@lumen.example"), ("role", "member"), (&*desk, "analytics")]);
    assert_eq!(other.status, 303, "{}", other.body);

    // A row is edited on its own profile alone, and removed alone.
    let row = format!("{base}/team/{}", id(&team, "Nico Ferrari"));
    let edit = owner.get(&format!("{row}/edit")).body;
    assert!(edit.contains("Features: </span>Repairs") && !edit.contains("Features: </span>Shop"), "{edit}");
    let empty = owner.post(&format!("{row}/edit"), &[("role", "member")]);
    assert_eq!(empty.status, 422, "{}", empty.body);
    let saved = owner.post(&format!("{row}/edit"), &[("role", "member"), (&*boxes(&edit, "Repairs"), "integrations")]);
    assert_eq!(saved.status, 303, "{}", saved.body);
    assert!(owner.get(&row).body.contains("Integrations"));
    assert_eq!(owner.post(&format!("{base}/team/{}/remove", id(&team, "Ned Falk")), &[]).status, 303);
    assert_eq!(ned.get(&base).status, 200, "the other row stays");
    let team = owner.get(&format!("{base}/team")).body;
    assert_eq!(owner.post(&format!("{base}/team/{}/remove", id(&team, "Ned Falk")), &[]).status, 303);
    assert_eq!(ned.get(&base).status, 404);
}
