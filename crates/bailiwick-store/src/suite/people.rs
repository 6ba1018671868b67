//! People, the installation, mails, observations.

use bailiwick_core::email::Email;
use bailiwick_core::ids::{
    AddressId, CommandId, CredentialId, KeyId, MailId, PersonId, ProductId, SessionId, TextId, WorkspaceId,
};
use bailiwick_core::team::command::Actor;

use super::{BEGIN, TENANT, address, by, fresh, install, put, verify};
use crate::rows::{
    CredentialRow, KeyRow, LineId, LogFilter, MailRow, MailState, ModelRow, PersonRow, ProductRow, Row, SecretKind,
    SecretRow, SessionRow, SignedInBy,
};
use crate::{Changed, Store, StoreError, change, observe, read};

fn person_row(person: PersonId, address: AddressId) -> PersonRow {
    PersonRow { person, address, proven_at: Some(BEGIN), name: TextId(fresh()), created_at: BEGIN, erased_at: None }
}

/// A person's rows, what lies outside them, and who may not have the same.
pub async fn of_people_are_put_and_found(store: &dyn Store) {
    let (product, _) = install(store, TENANT).await;
    let id = PersonId(fresh());
    let line = LineId::Person(id);
    let at = address(store, "Ann@Acme.test").await;
    assert_eq!(address(store, "ann@acme.test").await, at);
    let person = person_row(id, at);
    let session = SessionRow {
        session: SessionId(fresh()),
        person: id,
        by: SignedInBy::Host,
        product: Some(product),
        created_at: BEGIN,
        expires_at: BEGIN.plus_days(30),
        ended_at: None,
    };
    let old = CredentialRow { credential: CredentialId(fresh()), person: id, created_at: BEGIN, ended_at: None };
    let new = CredentialRow { credential: CredentialId(fresh()), created_at: BEGIN.plus_seconds(9), ..old.clone() };
    let rows = vec![
        Row::Person(person.clone()),
        Row::Session(session.clone()),
        Row::Credential(CredentialRow { ended_at: Some(BEGIN.plus_seconds(9)), ..old.clone() }),
        Row::Credential(new.clone()),
    ];
    let (name, credential) = (person.name, new.credential);
    change::<_, StoreError, _>(store, vec![line], CommandId(fresh()), move |tx| {
        tx.text(name, "Ann")?;
        tx.password_hash(old.credential, "$argon2id$old")?;
        tx.password_hash(credential, "$argon2id$new")?;
        tx.person_external_id(product, "u-1", id)?;
        tx.put(line, &by(Actor::Person(id)), BEGIN, rows)
    })
    .await
    .unwrap();
    let (wanted, open) = (person.clone(), session.clone());
    read(store, move |from| {
        assert_eq!(from.person(id)?.as_ref(), Some(&wanted));
        assert_eq!(from.person_at(at)?.as_ref(), Some(&wanted));
        assert_eq!(from.person_by_external_id(product, "u-1")?, Some(id));
        assert_eq!(from.person_by_external_id(product, "u-2")?, None);
        assert!(from.has_external_id(product, id)?);
        assert!(!from.has_external_id(product, PersonId(7))? && !from.has_external_id(ProductId(7), id)?);
        let cards = from.cards(&[PersonId(7), id])?;
        assert_eq!(cards.len(), 1);
        assert_eq!((&*cards[0].name, &*cards[0].email), ("Ann", "Ann@acme.test"));
        assert_eq!(from.addresses(&[at, AddressId(7)])?, [(at, "Ann@acme.test".to_owned())]);
        assert_eq!(from.find_address(&Email::parse("ANN@ACME.TEST").unwrap())?, Some(at));
        assert_eq!(from.password(id)?, Some((new.clone(), "$argon2id$new".to_owned())));
        assert_eq!(from.session(open.session)?.as_ref(), Some(&open));
        assert_eq!(from.sessions(id)?, [open]);
        Ok(())
    })
    .await
    .unwrap();

    // An address signs one person in, a host's id names one.
    let other = PersonId(fresh());
    let taken = put(store, LineId::Person(other), vec![Row::Person(person_row(other, at))]).await;
    assert!(matches!(taken, Err(StoreError::Taken("the address"))), "{taken:?}");
    let taken = change::<_, StoreError, _>(store, vec![], CommandId(fresh()), move |tx| {
        tx.person_external_id(product, "u-1", id)?;
        tx.person_external_id(product, "u-1", other)
    })
    .await;
    assert!(matches!(taken, Err(StoreError::Taken("the person's external id"))), "{taken:?}");
    // A row lies on its own line, and on no other.
    let stray = put(store, LineId::Person(other), vec![Row::Person(person.clone())]).await;
    assert!(matches!(stray, Err(StoreError::Database(_))), "{stray:?}");

    let ended = Row::Session(SessionRow { ended_at: Some(BEGIN.plus_seconds(9)), ..session });
    let erased = Row::Person(PersonRow { erased_at: Some(BEGIN.plus_seconds(9)), ..person });
    put(store, line, vec![ended, erased]).await.unwrap();
    let (log, cards) = read(store, move |from| {
        assert_eq!(from.sessions(id)?, []);
        assert_eq!(from.person_at(at)?, None);
        Ok((from.log(line, &LogFilter { limit: 1, ..LogFilter::default() })?, from.cards(&[id])?))
    })
    .await
    .unwrap();
    assert_eq!(log[0].events.iter().map(|event| &*event.kind).collect::<Vec<_>>(), ["session", "person"]);
    assert_eq!((&*cards[0].name, &*cards[0].email), ("", ""));
    assert_eq!(verify(store, None).await.broken, None);
}

/// Products, models, keys.
pub async fn of_the_installation_is_put_and_found(store: &dyn Store) {
    let (product, model) = install(store, TENANT).await;
    let key = KeyRow {
        key: KeyId(fresh()),
        product,
        name: "backend".into(),
        scopes: vec!["check".into(), "members:write".into()],
        created_at: BEGIN,
        expires_at: BEGIN.plus_days(90),
        revoked_at: None,
    };
    let hash = [5; 32];
    let (row, object) = (key.clone(), key.key.bytes());
    change::<_, StoreError, _>(store, vec![LineId::Installation], CommandId(fresh()), move |tx| {
        tx.put_secret(SecretRow { kind: SecretKind::HostKey, object, ..super::changes::secret(hash) })?;
        tx.put(LineId::Installation, &by(Actor::Operator), BEGIN, vec![Row::Key(row)])
    })
    .await
    .unwrap();
    let (products, models, keys) =
        read(store, |from| Ok((from.products()?, from.models()?, from.keys()?))).await.unwrap();
    assert_eq!(products[0].product, product);
    assert_eq!((&*models[0].version, &*models[0].text), (&*model.version, TENANT));
    assert_eq!(keys, [(key.clone(), hash)]);

    let revoked = KeyRow { revoked_at: Some(BEGIN.plus_seconds(9)), ..key };
    put(store, LineId::Installation, vec![Row::Key(revoked.clone())]).await.unwrap();
    let object = revoked.key.bytes();
    change::<_, StoreError, _>(store, vec![], CommandId(fresh()), move |tx| {
        tx.drop_secrets(SecretKind::Session, object)?;
        assert!(tx.secret(&hash)?.is_some());
        tx.drop_secrets(SecretKind::HostKey, object)
    })
    .await
    .unwrap();
    let id = revoked.key;
    let found =
        read(store, move |from| Ok((from.keys()?, from.host_key(id)?, from.host_key(KeyId(fresh()))?))).await.unwrap();
    assert_eq!(found, (vec![], Some(revoked), None));

    let twice = ProductRow { product: ProductId(fresh()), ..products[0].clone() };
    let twice = put(store, LineId::Installation, vec![Row::Product(twice)]).await;
    assert!(matches!(twice, Err(StoreError::Taken("the product's name"))), "{twice:?}");
    let renamed = ModelRow { version: "0".repeat(64), ..models[0].clone() };
    let renamed = put(store, LineId::Installation, vec![Row::Model(renamed)]).await;
    assert!(matches!(renamed, Err(StoreError::Database(_))), "{renamed:?}");
    assert_eq!(verify(store, None).await.broken, None);
}

/// The outbox: waiting, tried again, sent, given up, void.
pub async fn of_mails_wait_and_are_sent_or_void(store: &dyn Store) {
    let to = address(store, "ann@acme.test").await;
    let workspace = WorkspaceId(fresh());
    let first = super::changes::mail(to, Some(workspace));
    let mut second = super::changes::mail(to, None);
    let ann = PersonId(fresh());
    (second.object, second.nonce, second.created_at) = (None, None, BEGIN.plus_seconds(1));
    second.by = Some(ann);
    let rows = [first.clone(), second.clone()];
    let (whole, by_ann, first, second) = (first.clone(), second.clone(), first.mail, second.mail);
    change::<_, StoreError, _>(store, vec![], CommandId(fresh()), move |tx| {
        rows.into_iter().try_for_each(|row| tx.mail(row))
    })
    .await
    .unwrap();
    let tried = async |mail, state, next, error: Option<&'static str>| {
        observe(store, move |to| to.mail_tried(mail, state, next, error, BEGIN.plus_seconds(5))).await.unwrap();
    };
    read(store, move |from| {
        assert_eq!(from.mails(None, 9)?.iter().map(|m| m.row.mail).collect::<Vec<_>>(), [second, first]);
        assert_eq!(from.mails(None, 1)?[0].row, by_ann);
        assert_eq!(from.mails(Some(workspace), 9)?[0].row, whole);
        let (moment, later) = (BEGIN.plus_seconds(1), BEGIN.plus_seconds(2));
        assert_eq!(from.mails_to(to, BEGIN)?, (2, BEGIN));
        assert_eq!(from.mails_to(to, moment)?, (1, moment));
        assert_eq!(from.mails_to(to, later)?, (0, later));
        assert_eq!(from.mails_to(AddressId(7), BEGIN)?, (0, BEGIN));
        assert_eq!(from.mails_by(ann, BEGIN)?, (1, moment));
        assert_eq!(from.mails_by(PersonId(7), BEGIN)?, (0, BEGIN));
        assert_eq!(from.mails_of(workspace, BEGIN)?, (1, BEGIN));
        assert_eq!(from.mails_of(WorkspaceId(7), BEGIN)?, (0, BEGIN));
        assert_eq!(from.mails_due(BEGIN, 9)?.iter().map(|m| m.row.mail).collect::<Vec<_>>(), [first]);
        assert_eq!(from.next_mail_at()?, Some(BEGIN));
        Ok(())
    })
    .await
    .unwrap();
    tried(first, MailState::Waiting, BEGIN.plus_seconds(60), Some("busy")).await;
    tried(second, MailState::Sent, BEGIN, None).await;
    let (queued, next) = read(store, |from| Ok((from.mails(None, 9)?, from.next_mail_at()?))).await.unwrap();
    assert_eq!(next, Some(BEGIN.plus_seconds(60)));
    assert_eq!((queued[0].state, queued[0].ended_at), (MailState::Sent, Some(BEGIN.plus_seconds(5))));
    assert_eq!((queued[1].state, queued[1].attempts, queued[1].ended_at), (MailState::Waiting, 1, None));
    assert_eq!(queued[1].last_error.as_deref(), Some("busy"));

    change::<_, StoreError, _>(store, vec![], CommandId(fresh()), |tx| tx.void_mails([2; 16])).await.unwrap();
    // What was void is not brought back by a try that was under way; that it was sent all the same is said.
    tried(first, MailState::Waiting, BEGIN, None).await;
    let state = async || read(store, |from| Ok(from.mails(None, 9)?[1].state)).await.unwrap();
    assert_eq!(state().await, MailState::Void);
    tried(first, MailState::Sent, BEGIN, None).await;
    assert_eq!(state().await, MailState::Sent);
    assert_eq!(read(store, |from| from.next_mail_at()).await.unwrap(), None);
}

/// Last entries and uses, tries in a window.
pub async fn of_observations_are_counted(store: &dyn Store) {
    let (workspace, ann, session) = (WorkspaceId(fresh()), PersonId(fresh()), SessionId(fresh()));
    let later = BEGIN.plus_seconds(30);
    observe(store, move |to| {
        to.enter(workspace, ann, later)?;
        to.enter(workspace, ann, BEGIN)?;
        to.use_session(session, BEGIN)?;
        to.use_session(session, later)?;
        to.use_key(KeyId(1), BEGIN)
    })
    .await
    .unwrap();
    let used =
        async || read(store, move |from| Ok((from.entered(workspace)?, from.session_used(session)?))).await.unwrap();
    assert_eq!(used().await, (vec![(ann, later)], Some(BEGIN)));
    observe(store, move |to| to.use_session(session, BEGIN.plus_seconds(60))).await.unwrap();
    assert_eq!(used().await.1, Some(BEGIN.plus_seconds(60)));

    observe(store, move |to| {
        assert_eq!(to.tries("ann", BEGIN)?, (0, BEGIN));
        assert_eq!(to.add_try("ann", BEGIN, later)?, 1);
        assert_eq!(to.add_try("ann", BEGIN, later.plus_seconds(1))?, 2);
        assert_eq!(to.add_try("bob", BEGIN, later)?, 1);
        assert_eq!(to.tries("ann", BEGIN)?, (2, later));
        // The window has moved on: it begins anew.
        assert_eq!(to.tries("ann", later.plus_seconds(1))?.0, 0);
        assert_eq!(to.add_try("ann", later.plus_seconds(1), later.plus_seconds(9))?, 1);
        assert_eq!(to.add_try("ann", later.plus_seconds(1), later.plus_seconds(10))?, 2);
        to.clear_tries("ann")?;
        assert_eq!(to.tries("ann", BEGIN)?.0, 0);
        assert_eq!(to.tries("bob", BEGIN)?.0, 1);
        Ok(())
    })
    .await
    .unwrap();
    // What fails in the middle leaves nothing.
    let broken = observe::<(), _>(store, |to| {
        to.add_try("eve", BEGIN, BEGIN)?;
        Err(StoreError::Database("no".into()))
    })
    .await;
    assert!(broken.is_err());
    assert_eq!(observe(store, |to| to.tries("eve", BEGIN)).await.unwrap().0, 0);
}

/// After a backup was put back: whatever opens something is void, but for the keys of hosts.
pub async fn of_links_all_can_be_voided_and_keys_stay(store: &dyn Store) {
    let at = address(store, "ann@acme.test").await;
    let people = [PersonId(fresh()), PersonId(fresh())];
    let secret = |kind, object| SecretRow {
        hash: [kind as u8 + 1; 32],
        kind,
        line: people[0].bytes(),
        object,
        generation: 1,
        expires_at: BEGIN.plus_days(1),
        bound_to: None,
    };
    let kinds = [SecretKind::Invitation, SecretKind::Session, SecretKind::SignInLink, SecretKind::HostCode];
    let all: Vec<SecretRow> =
        kinds.into_iter().chain([SecretKind::HostKey]).map(|kind| secret(kind, [9; 16])).collect();
    let hashes: Vec<[u8; 32]> = all.iter().map(|row| row.hash).collect();
    let mail = MailRow {
        mail: MailId(fresh()),
        to: at,
        by: None,
        workspace: None,
        object: None,
        message: "{}".into(),
        nonce: Some([1; 32]),
        created_at: BEGIN,
    };
    change::<_, StoreError, _>(store, vec![], CommandId(fresh()), move |tx| {
        all.into_iter().try_for_each(|row| tx.put_secret(row))?;
        tx.mail(mail)
    })
    .await
    .unwrap();
    for person in people {
        let session = SessionRow {
            session: SessionId(fresh()),
            person,
            by: SignedInBy::Link,
            product: None,
            created_at: BEGIN,
            expires_at: BEGIN.plus_days(30),
            ended_at: (person == people[1]).then_some(BEGIN),
        };
        put(store, LineId::Person(person), vec![Row::Session(session)]).await.unwrap();
    }
    let (in_session, none) =
        read(store, move |from| Ok((from.in_session(None, 9)?, from.in_session(Some(people[0]), 9)?))).await.unwrap();
    assert_eq!((in_session, none), (vec![people[0]], vec![]));
    let voided = change::<_, StoreError, _>(store, vec![], CommandId(fresh()), |tx| tx.void_links()).await.unwrap();
    assert!(matches!(voided, Changed::Done((4, 1), _)), "{voided:?}");
    read(store, move |from| {
        let left: Vec<bool> =
            hashes.iter().map(|hash| from.secret(hash).map(|s| s.is_some())).collect::<Result<_, _>>()?;
        assert_eq!(left, [false, false, false, false, true]);
        Ok(())
    })
    .await
    .unwrap();
}
