//! Endpoints, their way through the feed, deliveries.

use bailiwick_core::ids::{CommandId, EventId, KeyId, ProductId, WebhookId};
use bailiwick_core::team::command::Command;

use super::{BEGIN, HOST, TENANT, Team, at_once, by, fresh, verify};
use crate::rows::{LineId, Row};
use crate::webhooks::{Delivery, DeliveryState, FeedEvent, Progress, SecretSeed, Tried, WebhookRow};
use crate::{Store, StoreError, change, observe, read};

/// An endpoint of a product.
pub fn webhook(product: ProductId) -> WebhookRow {
    WebhookRow {
        webhook: WebhookId(fresh()),
        product,
        maker: KeyId(1),
        url: "https://app.example.com/hooks".into(),
        description: "the app".into(),
        kinds: vec!["member_joined".into()],
        workspace: None,
        secrets: vec![SecretSeed { nonce: "ab".repeat(32), until: Some(BEGIN) }],
        created_at: BEGIN,
        disabled_at: None,
        disabled_because: None,
        deleted_at: None,
    }
}

/// Puts an endpoint, which begins here.
pub async fn put_webhook(store: &dyn Store, row: &WebhookRow) {
    let row = row.clone();
    change::<_, StoreError, _>(store, vec![LineId::Installation], CommandId(fresh()), move |tx| {
        tx.begin_webhook(row.webhook)?;
        tx.put(LineId::Installation, &by(HOST), BEGIN, vec![Row::Webhook(row)])
    })
    .await
    .unwrap();
}

/// A delivery that waits.
pub fn waiting(of: &FeedEvent, event: u128) -> Delivery {
    Delivery {
        event: EventId(event),
        workspace: Some(of.workspace),
        position: of.position,
        seq: of.seq,
        kind: of.kind.clone(),
        created_at: of.at,
        state: DeliveryState::Waiting,
        attempts: 0,
        next_at: BEGIN,
        last_at: None,
        status: None,
        error: None,
    }
}

/// An endpoint is a row of the installation's line: folded, verified, of one product.
pub async fn of_endpoints_are_put_and_verified(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let mut row = webhook(team.product);
    put_webhook(store, &row).await;
    row.workspace = Some(team.id);
    row.disabled_at = Some(BEGIN);
    row.disabled_because = Some("failing".into());
    put_webhook(store, &row).await;
    let (id, product, wanted) = (row.webhook, team.product, row.clone());
    read(store, move |from| {
        assert_eq!(from.webhooks(product)?, vec![wanted.clone()]);
        assert_eq!(from.webhook(id)?, Some(wanted));
        assert_eq!(from.webhooks(ProductId(fresh()))?, []);
        assert_eq!(from.webhooks_due(BEGIN)?, [], "it is disabled");
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(verify(store, None).await.broken, None);
    row.deleted_at = Some(BEGIN);
    put_webhook(store, &row).await;
    let (all, one) = read(store, move |from| Ok((from.webhooks(product)?, from.webhook(id)?))).await.unwrap();
    assert_eq!((all, one), (vec![], Some(row)));
    assert_eq!(verify(store, None).await.broken, None);
}

/// What happens in a product's workspaces after an endpoint began is in its feed, in order, and nothing else is.
pub async fn of_the_feed_a_product_gets_its_own(store: &dyn Store) {
    let (team, other) = (Team::new(store, TENANT, None).await, Team::new(store, TENANT, None).await);
    let row = webhook(team.product);
    put_webhook(store, &row).await;
    for name in ["Globex", "Initech"] {
        for team in [&team, &other] {
            team.act(store, HOST, Command::Rename { name: name.into() }, BEGIN).await.unwrap();
        }
    }
    let (id, product, others) = (row.webhook, team.product, other.product);
    read(store, move |from| {
        let begun = from.webhook_progress(id)?.unwrap().position;
        let head = from.head()?;
        let feed = from.feed_of(product, begun, head)?;
        let told: Vec<_> = feed.iter().map(|e| (e.workspace, e.revision, e.kind.as_str(), e.actor)).collect();
        assert_eq!(told, [(team.id, 2, "workspace_renamed", HOST), (team.id, 3, "workspace_renamed", HOST)]);
        assert!(feed[0].position < feed[1].position && feed[1].payload.contains("Initech"), "{feed:?}");
        assert_eq!(from.feed_of(product, begun, feed[0].position)?, feed[..1]);
        assert_eq!(from.feed_of(product, feed[0].position, head)?, feed[1..]);
        assert_eq!(from.feed_event(product, feed[1].position, 0)?.as_ref(), Some(&feed[1]));
        assert_eq!(from.feed_event(others, feed[1].position, 0)?, None, "it is another product's");
        assert!(from.first_since(BEGIN)?.unwrap() <= begun);
        assert_eq!(from.first_since(BEGIN.plus_seconds(1))?, None);
        Ok(())
    })
    .await
    .unwrap();
}

/// A delivery waits, is tried, and ends; one that was asked for anew meanwhile begins anew.
pub async fn of_deliveries_wait_and_end(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let (row, product) = (webhook(team.product), team.product);
    put_webhook(store, &row).await;
    for name in ["Globex", "Initech"] {
        team.act(store, HOST, Command::Rename { name: name.into() }, BEGIN).await.unwrap();
    }
    let id = row.webhook;
    let (begun, head) =
        read(store, move |from| Ok((from.webhook_progress(id)?.unwrap().position, from.head()?))).await.unwrap();
    let feed = read(store, move |from| from.feed_of(product, begun, head)).await.unwrap();
    let found = [waiting(&feed[0], 1), waiting(&feed[1], 2)];
    let gather = |from, found: Vec<Delivery>| observe(store, move |to| to.gather(id, from, head, &found));
    assert!(gather(begun, found.to_vec()).await.unwrap());
    assert!(!gather(begun, vec![waiting(&feed[0], 3)]).await.unwrap(), "another was there first");
    let due = |at| read(store, move |from| from.deliveries_due(id, at, 9));
    assert_eq!(due(BEGIN).await.unwrap(), found);
    assert_eq!(due(BEGIN.plus_seconds(-1)).await.unwrap(), []);
    let later = BEGIN.plus_seconds(5);
    let mut tried = Tried {
        event: EventId(1),
        before: 0,
        state: DeliveryState::Waiting,
        next_at: later,
        at: BEGIN,
        status: Some(500),
        error: None,
    };
    let note = |tried: Tried| observe(store, move |to| to.delivery_tried(id, &tried));
    note(tried.clone()).await.unwrap();
    note(Tried { state: DeliveryState::Failed, ..tried.clone() }).await.unwrap();
    note(Tried { event: EventId(2), state: DeliveryState::Delivered, status: Some(204), ..tried.clone() })
        .await
        .unwrap();
    read(store, move |from| {
        let one = from.delivery(id, EventId(1))?.unwrap();
        assert_eq!((one.state, one.attempts, one.next_at, one.status), (DeliveryState::Waiting, 1, later, Some(500)));
        let ids = |of: Vec<Delivery>| of.into_iter().map(|d| d.event.0).collect::<Vec<_>>();
        assert_eq!(ids(from.deliveries(id, None, None, 9)?), [2, 1], "newest first");
        assert_eq!(ids(from.deliveries(id, None, Some(EventId(2)), 9)?), [1]);
        assert_eq!(ids(from.deliveries(id, Some(DeliveryState::Delivered), None, 9)?), [2]);
        assert_eq!(from.deliveries(WebhookId(1), None, None, 9)?, []);
        assert_eq!(from.deliveries_waiting(id)?, 1);
        assert_eq!(from.next_webhook_at()?, Some(later));
        Ok(())
    })
    .await
    .unwrap();
    // Asked for anew; what an older try came to is nothing to it.
    let again = found[1].clone();
    observe(store, move |to| to.deliver(id, &again)).await.unwrap();
    tried.event = EventId(2);
    note(Tried { before: 1, state: DeliveryState::Failed, ..tried }).await.unwrap();
    let two = read(store, move |from| from.delivery(id, EventId(2))).await.unwrap().unwrap();
    assert_eq!((two.state, two.attempts), (DeliveryState::Waiting, 0));
    // Back in the feed, and never forward.
    observe(store, move |to| to.move_back(id, begun)).await.unwrap();
    observe(store, move |to| to.move_back(id, head)).await.unwrap();
    assert_eq!(read(store, move |from| from.webhook_progress(id)).await.unwrap().unwrap().position, begun);
    // What ended is forgotten, what waits is not; of an endpoint that was taken away, everything.
    note(Tried {
        event: EventId(2),
        before: 0,
        state: DeliveryState::Delivered,
        next_at: BEGIN,
        at: BEGIN,
        status: Some(200),
        error: None,
    })
    .await
    .unwrap();
    observe(store, move |to| to.forget_deliveries(later)).await.unwrap();
    let left = || read(store, move |from| Ok(from.deliveries(id, None, None, 9)?.len()));
    assert_eq!(left().await.unwrap(), 1);
    observe(store, move |to| to.forget_webhook(id)).await.unwrap();
    assert_eq!(left().await.unwrap(), 0);
    assert_eq!(read(store, move |from| from.webhook_progress(id)).await.unwrap(), None);
    assert_eq!(verify(store, None).await.broken, None);
}

/// Several processes find it an endpoint's turn: one has it, and only who has it says how it is.
pub async fn of_racing_claims_of_an_endpoint_one_wins(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let row = webhook(team.product);
    put_webhook(store, &row).await;
    let id = row.webhook;
    let mut turn = read(store, move |from| from.webhook_progress(id)).await.unwrap().unwrap().next_at;
    for n in 1..10 {
        let until = BEGIN.plus_seconds(n);
        let won = at_once(8, |_| observe(store, move |to| to.claim_webhook(id, turn, until)));
        assert_eq!(won.iter().filter(|won| matches!(won, Ok(true))).count(), 1, "{won:?}");
        let due = read(store, move |from| from.webhooks_due(until.plus_seconds(-1))).await.unwrap();
        assert_eq!(due.iter().filter(|(row, _)| row.webhook == id).count(), 0);
        let now = Progress { position: 0, next_at: until, failures: 3, failing_since: Some(BEGIN) };
        let says = |claimed| observe(store, move |to| to.webhook_is(id, claimed, now));
        assert!(!says(BEGIN.plus_seconds(99)).await.unwrap());
        assert!(says(until).await.unwrap());
        turn = until;
    }
    let is =
        read(store, move |from| from.webhooks_due(turn)).await.unwrap().into_iter().find(|(row, _)| row.webhook == id);
    let (_, is) = is.unwrap();
    assert_eq!((is.failures, is.failing_since, is.next_at), (3, Some(BEGIN), turn));
    assert_ne!(is.position, 0, "that is the feed's, and not said so");
}
