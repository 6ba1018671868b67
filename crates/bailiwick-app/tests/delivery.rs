//! Mails on their way: refused for now, refused for good, sent again; on a real store, over real SMTP.

use std::sync::Arc;
use std::time::Duration;

use bailiwick_app::app::Parts;
use bailiwick_app::caller::{Scope, Who};
use bailiwick_app::change::{Invitee, NewWorkspace};
use bailiwick_app::clock::Clock;
use bailiwick_app::config::{Config, Limits};
use bailiwick_app::host::Vouched;
use bailiwick_app::installation::DEFAULT_PRODUCT;
use bailiwick_app::keys::Keys;
use bailiwick_app::mail::sink::{Refusal, Sink};
use bailiwick_app::mail::{Security, Smtp, SmtpConfig, Templates};
use bailiwick_app::random::Random;
use bailiwick_app::rows::{By, MailState};
use bailiwick_app::{App, AppError, Caller};
use bailiwick_core::email::Email;
use bailiwick_core::ids::{InvitationId, KeyId, WorkspaceId};
use bailiwick_core::team::command::{Actor, Command};
use bailiwick_core::team::wire::AccessWire;
use bailiwick_core::time::Timestamp;
use bailiwick_store::chain::ChainKey;
use bailiwick_store::sqlite::Sqlite;

fn smtp(host: String, port: u16) -> Smtp {
    Smtp::new(&SmtpConfig {
        host,
        port,
        security: Security::None,
        login: None,
        from_name: "Acme".into(),
        from_address: "team@acme.example".into(),
        hello_name: "localhost".into(),
        extra_root: None,
    })
    .unwrap()
}

struct World {
    app: Arc<App>,
    /// Another process on the same database.
    other: Arc<App>,
    sink: Sink,
    smtp: Smtp,
    host: Caller,
    workspace: WorkspaceId,
}

impl World {
    async fn new() -> Self {
        let keys = Keys::fresh(&Random::system());
        let store = Sqlite::in_memory(ChainKey::new(keys.chain_id, &keys.chain.0)).unwrap();
        let config = Config {
            public_url: "https://team.example.com".into(),
            demo: false,
            support: String::new(),
            proxies: Vec::new(),
            outbound: Vec::new(),
            limits: Limits::default(),
        };
        let clock = Arc::new(Clock::by_hand(Timestamp(1_790_000_000_000_000)));
        let templates = Templates::with_overrides(None).unwrap();
        let store = Arc::new(store);
        let parts = |templates| Parts {
            store: Arc::<Sqlite>::clone(&store),
            clock: Arc::clone(&clock),
            keys: keys.clone(),
            config: config.clone(),
            templates,
        };
        let app = App::start(parts(templates)).await.unwrap();
        let by = By { actor: Actor::Operator, origin: None };
        app.ensure(&by, "Acme", &[("tenant", include_str!("../../../models/tenant/model.toml"))]).await.unwrap();
        let who = Who::Host { key: KeyId(1), product: DEFAULT_PRODUCT, scopes: Scope::ALL.to_vec() };
        let host = Caller { who, origin: None };
        let olga =
            Vouched { external_id: None, email: Email::parse("olga@acme.example").unwrap(), name: "Olga".into() };
        let owner = app.put_person(&host, olga).await.unwrap().person;
        let new = NewWorkspace {
            product: DEFAULT_PRODUCT,
            model: "tenant".into(),
            name: "Acme".into(),
            external_id: None,
            plan: None,
            owner,
        };
        let workspace = app.create_workspace(&host, new, app.command_id()).await.unwrap().state.id;
        let other = App::start(parts(Templates::with_overrides(None).unwrap())).await.unwrap();
        let sink = Sink::start(0).await.unwrap();
        let smtp = smtp(sink.address().ip().to_string(), sink.address().port());
        Self { app, other, sink, smtp, host, workspace }
    }

    async fn invite(&self, email: &str) -> Result<InvitationId, AppError> {
        let invitee = Invitee { email: Email::parse(email).unwrap(), access: AccessWire::of_role("user") };
        let acted = self.app.invite(&self.host, self.workspace, vec![invitee], self.app.command_id()).await?;
        Ok(acted.state.invitations.iter().find(|(_, i)| i.version == acted.state.revision).map(|(id, _)| *id).unwrap())
    }

    async fn state_of(&self, id: InvitationId) -> MailState {
        self.app.team(&self.host, self.workspace).await.unwrap().mails[&id]
    }

    fn links(&self) -> Vec<String> {
        let link =
            |text: String| text.split_whitespace().find(|w| w.contains("/invitations/")).unwrap_or_default().to_owned();
        self.sink.received().iter().map(|m| link(m.read().unwrap().text)).collect()
    }
}

#[tokio::test]
async fn ec26_a_mail_refused_for_now_is_tried_again_with_the_same_link_and_one_refused_for_good_is_undelivered() {
    let world = World::new().await;
    let uma = world.invite("uma@acme.example").await.unwrap();
    world.sink.refuse_next(1, &Refusal::temporary());
    assert_eq!(world.app.deliver_due(&world.smtp).await.unwrap(), 1);
    assert_eq!(world.state_of(uma).await, MailState::Waiting);
    assert_eq!(world.app.deliver_due(&world.smtp).await.unwrap(), 0, "not before its time");
    world.app.clock.forward(3600);
    assert_eq!(world.app.deliver_due(&world.smtp).await.unwrap(), 1);
    assert_eq!(world.state_of(uma).await, MailState::Sent);
    assert!(world.links()[0].starts_with("https://team.example.com/invitations/bwi_"), "ab043: {:?}", world.links());

    let vic = world.invite("vic@acme.example").await.unwrap();
    world.sink.refuse_next(1, &Refusal::permanent());
    world.app.deliver_due(&world.smtp).await.unwrap();
    assert_eq!(world.state_of(vic).await, MailState::Undelivered);
    // The row keeps its seat and can be sent again.
    world.app.act(&world.host, world.workspace, Command::Resend(vic), None, world.app.command_id()).await.unwrap();
    world.app.deliver_due(&world.smtp).await.unwrap();
    assert_eq!(world.state_of(vic).await, MailState::Sent);
}

#[tokio::test]
async fn ab176_a_mail_that_was_overtaken_never_leaves() {
    let world = World::new().await;
    let uma = world.invite("uma@acme.example").await.unwrap();
    world.app.act(&world.host, world.workspace, Command::Resend(uma), None, world.app.command_id()).await.unwrap();
    while world.app.deliver_due(&world.smtp).await.unwrap() > 0 {}
    assert_eq!(world.links().len(), 1, "the first sending is void");
    world.app.act(&world.host, world.workspace, Command::Resend(uma), None, world.app.command_id()).await.unwrap();
    world.app.act(&world.host, world.workspace, Command::Cancel(uma), None, world.app.command_id()).await.unwrap();
    while world.app.deliver_due(&world.smtp).await.unwrap() > 0 {}
    assert_eq!(world.links().len(), 1, "nothing after the cancelling");
}

#[tokio::test]
async fn ec28_the_sixth_mail_to_one_address_in_a_day_is_refused_with_the_time_to_wait() {
    let world = World::new().await;
    let uma = world.invite("uma@acme.example").await.unwrap();
    let resend = || world.app.act(&world.host, world.workspace, Command::Resend(uma), None, world.app.command_id());
    for _ in 0..4 {
        resend().await.unwrap();
        world.app.clock.forward(60);
    }
    let Err(AppError::TooOften(wait)) = resend().await else { panic!("the sixth was sent") };
    assert_eq!(wait, 86_400 - 240);
    world.app.clock.forward(i64::from(wait) + 1);
    resend().await.unwrap();
}

#[tokio::test]
async fn a_mail_that_two_processes_find_due_is_sent_by_one_of_them() {
    let world = World::new().await;
    let mut sent = Vec::new();
    for name in ["uma", "vic", "wim"] {
        sent.push(world.invite(&format!("{name}@acme.example")).await.unwrap());
    }
    let (one, two) = tokio::join!(world.app.deliver_due(&world.smtp), world.other.deliver_due(&world.smtp));
    assert_eq!(one.unwrap() + two.unwrap(), 3);
    for id in sent {
        assert_eq!(world.state_of(id).await, MailState::Sent);
    }
    assert_eq!(world.sink.received().len(), 3);
}

/// How long a claim is watched, to see that it is kept: longer than it goes unsaid.
const WATCHED: Duration = Duration::from_secs(7);
/// How long a test waits for a process to see that its mail was overtaken: less than the relay may take.
const NOTICED: Duration = Duration::from_secs(20);

/// A relay that takes the call and says nothing, and a way to it.
async fn silent_relay() -> (tokio::net::TcpListener, Smtp) {
    let relay = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = relay.local_addr().unwrap();
    (relay, smtp(address.ip().to_string(), address.port()))
}

#[tokio::test]
async fn a_mail_is_its_sender_s_for_as_long_as_it_takes_and_soon_another_s_if_that_one_dies() {
    let world = World::new().await;
    let uma = world.invite("uma@acme.example").await.unwrap();
    let (relay, silent) = silent_relay().await;
    let app = Arc::clone(&world.app);
    let sending = tokio::spawn(async move { app.deliver_due(&silent).await });
    let _call = relay.accept().await.unwrap();
    world.app.clock.forward(10);
    tokio::time::sleep(WATCHED).await;
    // By now the first claim would be over; it was made anew ten seconds later.
    world.app.clock.forward(15);
    assert_eq!(world.other.deliver_due(&world.smtp).await.unwrap(), 0);
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled(), "it was still at it");
    world.app.clock.forward(20);
    assert_eq!(world.other.deliver_due(&world.smtp).await.unwrap(), 1);
    assert_eq!((world.state_of(uma).await, world.sink.received().len()), (MailState::Sent, 1));
}

#[tokio::test]
async fn ab176_a_mail_that_is_overtaken_while_the_relay_takes_its_time_is_broken_off() {
    let world = World::new().await;
    let uma = world.invite("uma@acme.example").await.unwrap();
    let (relay, silent) = silent_relay().await;
    let app = Arc::clone(&world.app);
    let sending = tokio::spawn(async move { app.deliver_due(&silent).await });
    let _call = relay.accept().await.unwrap();
    world.app.act(&world.host, world.workspace, Command::Cancel(uma), None, world.app.command_id()).await.unwrap();
    let over = tokio::time::timeout(NOTICED, sending).await;
    assert_eq!(over.expect("it goes on").unwrap().unwrap(), 1);
    assert_eq!(world.app.deliver_due(&world.smtp).await.unwrap(), 0);
}
