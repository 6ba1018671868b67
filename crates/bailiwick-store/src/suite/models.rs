//! Workspaces that move from one version of a model to another (X14).

use std::sync::Arc;

use bailiwick_core::access::parse::parse;
use bailiwick_core::ids::{AddressId, InvitationId, ResourceId};
use bailiwick_core::team::command::{Actor, Command, NewInvitation};
use bailiwick_core::team::preview::{Change, compare};
use bailiwick_core::team::wire::{AccessWire, GrantWire};

use super::{BEGIN, HOST, PROPERTIES, TENANT, Team, fresh, install, verify};
use crate::models::hash;
use crate::rows::{LineId, LogFilter};
use crate::{Store, read};

/// A model with one permission more in front of all others, so that each of them has another number.
pub(crate) fn renumbered(text: &str) -> String {
    let first =
        "[permissions.news]\ntitle = \"News\"\ncovers = \"News\"\n[permissions.news.actions]\nread = \"read news\"\n\n";
    text.replacen("[permissions.", &format!("{first}[permissions."), 1)
}

/// Rows that a model says otherwise are written with the move, those that it does not know any more go, and log, tables
/// and reader agree before and after, there and back.
pub async fn x14_a_move_to_another_model_is_written_verified_and_moved_back(store: &dyn Store) {
    // Without a single owner, and with another level in the place of one that is not in use any more.
    let text = renumbered(PROPERTIES).replace("single = true\n", "").replace("\"read\"", "\"look\"");
    let (_, other) = install(store, &text).await;
    let team = Team::new(store, PROPERTIES, Some("business")).await;
    let resources = [ResourceId(fresh()), ResourceId(fresh())];
    for resource in resources {
        let add = Command::AddResource { resource, kind: "property".into(), name: "A".into(), external_id: None };
        team.act(store, HOST, add, BEGIN).await.unwrap();
    }
    let on = |resource, level: &str| {
        let grants = vec![GrantWire { resource, level: level.into(), until: None }];
        AccessWire { grants, ..AccessWire::of_role("member") }
    };
    let (invitation, address) = (InvitationId(fresh()), AddressId(fresh()));
    let both = AccessWire {
        grants: [on(resources[0], "read").grants, on(resources[1], "admin").grants].concat(),
        ..AccessWire::of_role("member")
    };
    team.join(store, both).await;
    let new = NewInvitation { invitation, address, access: on(resources[0], "read") };
    team.act(store, HOST, Command::Invite(vec![new]), BEGIN).await.unwrap();
    let move_to = |model| Command::MoveModel(Arc::clone(model));
    let refused = team.act(store, Actor::Operator, move_to(&other), BEGIN).await.unwrap_err();
    assert!(
        format!("{refused:?}").contains("the level `read` on `property`: 1 member, 1 open invitation"),
        "{refused:?}"
    );
    assert_eq!(team.state(store).await.model.version, team.model.version);
    team.act(store, HOST, Command::Cancel(invitation), BEGIN).await.unwrap();
    team.act(store, HOST, Command::DeleteResource(resources[0]), BEGIN).await.unwrap();

    let pinned = async |version: &str| {
        let (version, id) = (version.to_owned(), team.id);
        read(store, move |from| Ok(from.workspaces_pinned(&version, None, 1000)?.contains(&id))).await.unwrap()
    };
    for (from, to) in [(&team.model, &other), (&other, &team.model), (&team.model, &other)] {
        let before = team.state(store).await;
        assert_eq!((pinned(&from.version).await, pinned(&to.version).await), (true, false));
        let committed = team.act(store, Actor::Operator, move_to(to), BEGIN).await.unwrap();
        let after = team.state(store).await;
        assert_eq!(committed.workspaces, [Arc::clone(&after)]);
        assert_eq!((&after.model, after.revision), (to, before.revision + 1));
        let news = |c: &Change| to.names(c.gains).iter().chain(&from.names(c.loses)).all(|p| **p == *"news:read");
        assert!(compare(&before, &after, BEGIN).iter().all(news));
        assert_eq!((pinned(&from.version).await, pinned(&to.version).await), (false, true));
        assert_eq!(verify(store, None).await.broken, None);
    }
    // Resources that are all deleted, and of a kind that there is no more, go with it.
    let text = PROPERTIES.replace("resources.property", "resources.site").replace("\"property", "\"site");
    let (_, without) = install(store, &text).await;
    team.act(store, Actor::Operator, move_to(&team.model), BEGIN).await.unwrap();
    team.act(store, HOST, Command::DeleteResource(resources[1]), BEGIN).await.unwrap();
    team.act(store, Actor::Operator, move_to(&without), BEGIN).await.unwrap();
    assert!(team.state(store).await.resources.is_empty());
    assert_eq!(verify(store, None).await.broken, None);
    let filter = LogFilter { kinds: vec!["model_changed".into()], limit: 9, ..LogFilter::default() };
    let line = LineId::Workspace(team.id);
    let moves = read(store, move |from| from.log(line, &filter)).await.unwrap();
    assert_eq!(moves.len(), 5);
    team.act(store, HOST, Command::Delete, BEGIN).await.unwrap();
    assert!(!pinned(&without.version).await, "a deleted workspace moves no more");
}

/// A workspace is pinned to what is registered, or the log could not be folded.
pub async fn x14_of_a_model_that_was_never_registered_nothing_is_kept(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let text = renumbered(TENANT);
    let unknown = Arc::new(parse(&text, &hash(&format!("{text}# another"))).unwrap());
    assert!(team.act(store, Actor::Operator, Command::MoveModel(unknown), BEGIN).await.is_err());
    assert_eq!(team.state(store).await.revision, 1);
    assert_eq!(verify(store, None).await.broken, None);
}
