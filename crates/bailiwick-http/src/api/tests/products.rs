//! Two products in one installation: nothing of one is there for the other.

use bailiwick_app::rows::Origin;
use bailiwick_app::{AppError, Caller};
use serde_json::{Value, json};

use super::post::Post;
use super::world::{As, Someone, URL, World, on_every_backend, operator};

/// Another product's host.
async fn other_host(world: &World) -> As {
    let product = world.app().create_product(&operator(), "other", "Other").await.unwrap();
    let scopes = bailiwick_app::caller::Scope::ALL;
    let key = world.app().create_key(&operator(), product.product, "other", &scopes, 30).await.unwrap();
    As::Key(key.token.reveal().to_owned())
}

/// A session that a host begins for a person, by their address.
async fn vouched_by(world: &World, host: &As, email: &str) -> As {
    let body = json!({"name": "Whoever", "email": email});
    let person = world.ask(host, "POST", "/v1/people", body).await.id();
    let url = world.ask(host, "POST", &format!("/v1/people/{person}/entry"), Value::Null).await.ok();
    let code = url["url"].as_str().unwrap().strip_prefix(&format!("{URL}/enter/")).unwrap().to_owned();
    let origin = Origin { ip: "192.0.2.9".into(), agent: "other".into() };
    As::Cookie(world.app().enter_vouched(&code, &origin).await.unwrap().token.reveal().to_owned())
}

async fn caller(world: &World, by: &As) -> Caller {
    let As::Cookie(cookie) = by else { panic!("nobody") };
    world.app().session_caller(cookie, None).await.unwrap()
}

async fn session_of(world: &World, someone: &Someone) -> String {
    let sessions = world.get(&someone.by, "/v1/me/sessions").await.ok();
    sessions["items"][0]["id"].as_str().unwrap().to_owned()
}

on_every_backend!(ab001_who_another_product_signs_in_sees_nothing_of_this_one);
async fn ab001_who_another_product_signs_in_sees_nothing_of_this_one(world: World) {
    let olga = world.person("Olga").await;
    let team = world.workspace("tenant", "starter", &olga).await;
    let other = other_host(&world).await;
    // The other host names her address. It is her, and here she is nobody.
    let false_olga = vouched_by(&world, &other, &olga.email).await;
    assert_eq!(world.get(&false_olga, "/v1/me").await.ok()["id"], olga.id);
    assert_eq!(world.get(&false_olga, "/v1/me/workspaces").await.ok()["items"], json!([]));
    for path in ["", "/members", "/log", "/templates", "/invitations"] {
        let got = world.get(&false_olga, &format!("/v1/workspaces/{team}{path}")).await;
        assert_eq!(got.problem(), (404, "no-such-workspace"), "{path}");
    }
    let invite = json!({"invitations": [{"email": "eve@example.com", "access": {"role": "admin"}}]});
    let got = world.ask(&false_olga, "POST", &format!("/v1/workspaces/{team}/invitations"), invite).await;
    assert_eq!(got.problem(), (404, "no-such-workspace"));
    let got = world.ask(&false_olga, "PATCH", &format!("/v1/workspaces/{team}"), json!({"name": "Mine"})).await;
    assert_eq!(got.problem(), (404, "no-such-workspace"));
    // She herself still is who she was.
    assert_eq!(world.get(&olga.by, &format!("/v1/workspaces/{team}")).await.ok()["id"], json!(team));
}

on_every_backend!(an_invitation_is_accepted_in_its_own_product_alone);
async fn an_invitation_is_accepted_in_its_own_product_alone(world: World) {
    let (olga, mia) = (world.person("Olga").await, world.person("Mia").await);
    let team = world.workspace("tenant", "starter", &olga).await;
    let post = Post::start().await;
    let body = json!({"invitations": [{"email": mia.email, "access": {"role": "user"}}]});
    world.ask(&olga.by, "POST", &format!("/v1/workspaces/{team}/invitations"), body).await.ok();
    post.deliver(&world).await;
    let token = post.newest(&mia.email, "bwi_");
    let other = other_host(&world).await;
    let false_mia = caller(&world, &vouched_by(&world, &other, &mia.email).await).await;
    let refused = |error: AppError| error.to_string();
    let accepted = world.app().accept(&false_mia, &token).await.map(drop).map_err(refused);
    let declined = world.app().decline(&false_mia, &token).await.map(drop).map_err(refused);
    let gone = AppError::from(bailiwick_core::team::refusal::Refusal::NoSuchInvitation).to_string();
    assert_eq!((accepted, declined), (Err(gone.clone()), Err(gone)));
    world.app().accept(&caller(&world, &mia.by).await, &token).await.unwrap();
}

on_every_backend!(an_account_is_not_changed_by_a_session_that_a_product_began);
async fn an_account_is_not_changed_by_a_session_that_a_product_began(world: World) {
    let olga = world.person("Olga").await;
    let other = other_host(&world).await;
    let false_olga = vouched_by(&world, &other, &olga.email).await;
    let mine = session_of(&world, &olga).await;
    // Sessions of the other product are not there, neither to see nor to end.
    let seen = world.get(&false_olga, "/v1/me/sessions").await.ok();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    let got = world.ask(&false_olga, "DELETE", &format!("/v1/me/sessions/{mine}"), Value::Null).await;
    assert_eq!(got.problem(), (404, "no-such-session"));
    for by in [&false_olga, &olga.by] {
        let by = caller(&world, by).await;
        let password = world.app().set_password(&by, None, "a whole new password of mine").await;
        assert!(matches!(password, Err(AppError::Vouched)), "{password:?}");
        assert!(matches!(world.app().rename_me(&by, "Eve").await, Err(AppError::Vouched)));
    }
}

on_every_backend!(a_host_asks_of_sessions_of_its_own_people_alone);
async fn a_host_asks_of_sessions_of_its_own_people_alone(world: World) {
    let olga = world.person("Olga").await;
    let session = format!("/v1/sessions/{}", session_of(&world, &olga).await);
    let other = other_host(&world).await;
    assert_eq!(world.get(&world.host, &session).await.ok()["person"], olga.id);
    assert_eq!(world.get(&other, &session).await.problem(), (404, "no-such-session"));
    assert_eq!(world.get(&other, &format!("/v1/people/{}", olga.id)).await.problem(), (404, "no-such-person"));
    assert_eq!(world.get(&other, "/v1/people/ext:u:Olga").await.problem(), (404, "no-such-person"));
}
