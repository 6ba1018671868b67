//! What comes between a commit and "saved", with other processes played by hand.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};

use bailiwick_app::app::Parts;
use bailiwick_app::caller::{Scope, Who};
use bailiwick_app::change::{Invitee, NewWorkspace};
use bailiwick_app::clock::Clock;
use bailiwick_app::config::{Config, Limits};
use bailiwick_app::host::Vouched;
use bailiwick_app::installation::DEFAULT_PRODUCT;
use bailiwick_app::keys::Keys;
use bailiwick_app::mail::sink::Sink;
use bailiwick_app::mail::{Security, Smtp, SmtpConfig, Templates};
use bailiwick_app::nodes::{Nodes, Pass};
use bailiwick_app::random::Random;
use bailiwick_app::rows::By;
use bailiwick_app::webhooks::NewWebhook;
use bailiwick_app::{App, AppError, Caller};
use bailiwick_core::email::Email;
use bailiwick_core::ids::{CommandId, KeyId, PersonId, WorkspaceId};
use bailiwick_core::node::guard::Guard;
use bailiwick_core::node::{Nanos, Place};
use bailiwick_core::team::command::{Actor, Command};
use bailiwick_core::team::wire::AccessWire;
use bailiwick_core::time::Timestamp;
use bailiwick_store::chain::ChainKey;
use bailiwick_store::sqlite::Sqlite;
use bailiwick_testkit::Receiver;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinHandle;

/// Other processes, that take as long as a test wants.
struct Others {
    slow: AtomicBool,
    asked: UnboundedSender<u64>,
    go: Semaphore,
}

impl Nodes for Others {
    fn open(&self) -> Option<Pass> {
        Guard::alone().open(Nanos(0))
    }

    fn still(&self, _: &Pass) -> bool {
        true
    }

    fn everywhere(
        &self,
        position: u64,
        _: Option<Place>,
    ) -> Pin<Box<dyn Future<Output = Result<(), AppError>> + Send + '_>> {
        Box::pin(async move {
            if self.slow.load(Ordering::SeqCst) {
                self.asked.send(position).unwrap();
                self.go.acquire().await.unwrap().forget();
            }
            Ok(())
        })
    }
}

struct World {
    app: Arc<App>,
    others: Arc<Others>,
    asked: Mutex<UnboundedReceiver<u64>>,
    host: Caller,
    owner: PersonId,
    workspace: WorkspaceId,
}

impl World {
    /// A workspace, and others who are slow from now on.
    async fn new() -> Self {
        let keys = Keys::fresh(&Random::system());
        let store = Sqlite::in_memory(ChainKey::new(keys.chain_id, &keys.chain.0)).unwrap();
        let config = Config {
            public_url: "https://team.example.com".into(),
            demo: false,
            support: String::new(),
            proxies: Vec::new(),
            outbound: vec!["127.0.0.0/8".parse().unwrap()],
            limits: Limits::default(),
        };
        let clock = Arc::new(Clock::by_hand(Timestamp(1_790_000_000_000_000)));
        let templates = Templates::with_overrides(None).unwrap();
        let (tell, asked) = unbounded_channel();
        let others = Arc::new(Others { slow: AtomicBool::new(false), asked: tell, go: Semaphore::new(0) });
        let parts = Parts { store: Arc::new(store), clock, keys, config, templates };
        let app = App::start_among(parts, Arc::clone(&others) as Arc<dyn Nodes>).await.unwrap();
        app.ensure(&operator(), "Acme", &[("tenant", include_str!("../../../models/tenant/model.toml"))])
            .await
            .unwrap();
        let who = Who::Host { key: KeyId(1), product: DEFAULT_PRODUCT, scopes: Scope::ALL.to_vec() };
        let host = Caller { who, origin: None };
        let owner = app.put_person(&host, vouched("Olga")).await.unwrap().person;
        let new = NewWorkspace {
            product: DEFAULT_PRODUCT,
            model: "tenant".into(),
            name: "Acme".into(),
            external_id: None,
            plan: None,
            owner,
        };
        let workspace = app.create_workspace(&host, new, app.command_id()).await.unwrap().state.id;
        others.slow.store(true, Ordering::SeqCst);
        Self { app, others, asked: Mutex::new(asked), host, owner, workspace }
    }

    /// Begins something, and gives it once it waits for the others, with the position that it waits for.
    async fn waiting<T, F>(&self, what: impl FnOnce(Arc<App>, Caller) -> F) -> (JoinHandle<T>, u64)
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let mut task = tokio::spawn(what(Arc::clone(&self.app), self.host.clone()));
        let mut asked = self.asked.lock().await;
        let position = tokio::select! {
            position = asked.recv() => position.unwrap(),
            _ = &mut task => panic!("it was told before it was everywhere"),
        };
        // Who asked and did not wait would be over after some turns.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!task.is_finished(), "it was told before it was everywhere");
        (task, position)
    }

    /// The same, and lets it go.
    async fn waited<T, F>(&self, what: impl FnOnce(Arc<App>, Caller) -> F) -> (T, u64)
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let (task, position) = self.waiting(what).await;
        self.others.go.add_permits(1);
        (task.await.unwrap(), position)
    }

    async fn name(&self) -> String {
        self.app.workspace(&self.host, self.workspace).await.unwrap().name.to_string()
    }
}

fn operator() -> By {
    By { actor: Actor::Operator, origin: None }
}

fn vouched(name: &str) -> Vouched {
    let email = Email::parse(&format!("{}@acme.example", name.to_lowercase())).unwrap();
    Vouched { external_id: None, email, name: name.into() }
}

fn rename(name: &str) -> Command {
    Command::Rename { name: name.into() }
}

#[tokio::test]
async fn nobody_is_told_saved_before_a_change_is_everywhere_whatever_line_it_is_of() {
    let world = World::new().await;
    let (id, command) = (world.workspace, world.app.command_id());
    let begun =
        move |app: Arc<App>, host: Caller| async move { app.act(&host, id, rename("One"), None, command).await };
    let (task, first) = world.waiting(begun).await;
    assert_eq!(world.name().await, "One", "at home it is published first");
    world.others.go.add_permits(1);
    task.await.unwrap().unwrap();

    let (person, second) =
        world.waited(|app, host| async move { app.put_person(&host, vouched("Uma")).await.unwrap() }).await;
    assert_eq!((person.name.as_str(), second), ("Uma", first + 1));

    let (key, third) = world
        .waited(|app, _| async move { app.create_key(&operator(), DEFAULT_PRODUCT, "k", &[Scope::Check], 1).await })
        .await;
    assert_eq!(third, second + 1);
    world.app.host_caller(key.unwrap().token.reveal()).unwrap();

    // A repeat and one that has nothing to do change nothing, and are told "saved" too.
    let (repeated, of_repeat) = world.waited(begun).await;
    assert_eq!((repeated.unwrap().events.len(), of_repeat), (1, first));
    let again = move |app: Arc<App>, host: Caller| async move {
        app.act(&host, id, rename("One"), None, app.command_id()).await.unwrap()
    };
    let (nothing, rests_on) = world.waited(again).await;
    assert!(nothing.events.is_empty());
    assert_eq!(rests_on, third, "it rests on the newest");
}

#[tokio::test]
async fn a_refusal_waits_for_nobody() {
    let world = World::new().await;
    let refused = world.app.act(&world.host, world.workspace, rename(""), None, world.app.command_id()).await;
    assert!(matches!(refused, Err(AppError::Refused(_))), "{refused:?}");
    let nobody = world.app.vouch(&world.host, PersonId(world.owner.0 ^ 1)).await;
    assert!(matches!(nobody, Err(AppError::NotSignedIn)), "{nobody:?}");
    assert!(world.asked.lock().await.try_recv().is_err());
}

#[tokio::test]
async fn a_change_whose_caller_went_away_is_in_force_all_the_same() {
    let world = World::new().await;
    assert_eq!(world.name().await, "Acme");
    let command = CommandId(world.app.new_id());
    {
        let mut act = Box::pin(world.app.act(&world.host, world.workspace, rename("One"), None, command));
        // It has begun, and its caller goes away.
        assert!(act.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    world.asked.lock().await.recv().await.unwrap();
    assert_eq!(world.name().await, "One");
}

#[tokio::test]
async fn a_mail_leaves_after_its_change_is_everywhere() {
    let world = World::new().await;
    let sink = Arc::new(Sink::start(0).await.unwrap());
    let smtp = Smtp::new(&SmtpConfig {
        host: sink.address().ip().to_string(),
        port: sink.address().port(),
        security: Security::None,
        login: None,
        from_name: "Acme".into(),
        from_address: "team@acme.example".into(),
        hello_name: "localhost".into(),
        extra_root: None,
    })
    .unwrap();
    let id = world.workspace;
    let invitee = Invitee { email: Email::parse("uma@acme.example").unwrap(), access: AccessWire::of_role("user") };
    // It is committed, and not yet everywhere.
    let (invite, position) = world
        .waiting(move |app, host| async move { app.invite(&host, id, vec![invitee], app.command_id()).await })
        .await;
    let (deliver, head) = world.waiting(move |app, _| async move { app.deliver_due(&smtp).await }).await;
    assert_eq!(head, position);
    assert!(sink.received().is_empty());
    world.others.go.add_permits(2);
    invite.await.unwrap().unwrap();
    assert_eq!(deliver.await.unwrap().unwrap(), 1);
    assert_eq!(sink.received().len(), 1);
}

#[tokio::test]
async fn no_webhook_leaves_before_its_change_is_in_force_everywhere() {
    let world = World::new().await;
    let receiver = Receiver::start().unwrap();
    let new = NewWebhook { url: receiver.url(), description: String::new(), types: Vec::new(), workspace: None };
    world.waited(|app, host| async move { app.create_webhook(&host, new).await.unwrap() }).await;
    let (id, command) = (world.workspace, world.app.command_id());
    let renaming =
        move |app: Arc<App>, host: Caller| async move { app.act(&host, id, rename("One"), None, command).await };
    let (change, position) = world.waiting(renaming).await;
    let (turn, of) = world.waiting(|app, _| async move { app.send_webhooks_due().await.unwrap() }).await;
    assert_eq!((of, receiver.received().len()), (position, 0), "it is committed, and not sent");
    world.others.go.add_permits(2);
    change.await.unwrap().unwrap();
    assert_eq!((turn.await.unwrap(), receiver.received().len()), (1, 1));
}
