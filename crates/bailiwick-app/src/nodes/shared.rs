//! A process among others on one database: the shell around the protocol's state machine.
//!
//! One task owns the machine, on the thread that the database's side of it has for itself. It is told of commits, wake-ups
//! and answers, and carries out what the machine asks for: each question to the database in a task of its own, memory at
//! once. Checks never come here; they look at the guard.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bailiwick_core::node::guard::{Guard, Pass};
use bailiwick_core::node::machine::{Action, Failed, Input, Node, Op, Trouble};
use bailiwick_core::node::{Incarnation, Nanos, Page, Place, Terms};
use bailiwick_store::cluster::{Step, Wake};
use bailiwick_store::{Cluster, Later, Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::Nodes;
use crate::clock::{Clock, look, since_boot};
use crate::error::AppError;
use crate::lines::Lines;
use crate::plant::{Plant, planted};
use crate::random::Random;

/// This process as one of several.
pub struct Shared {
    guard: Guard,
    terms: Terms,
    /// What operators call it.
    name: String,
    to: mpsc::UnboundedSender<Message>,
    from: std::sync::Mutex<Option<mpsc::UnboundedReceiver<Message>>>,
    /// The history that the machine is on.
    place: RwLock<Option<Place>>,
    /// When it is said again that the database does not answer, in nanoseconds since the machine started.
    say_at: AtomicU64,
}

enum Message {
    Told(Input<Step>),
    Woken(Option<Incarnation>),
    /// The installation was read for this epoch, so checks may be answered until then.
    Ready(u64, Nanos),
    Committed(u64, Option<Place>, oneshot::Sender<Result<(), AppError>>),
    Stop(oneshot::Sender<()>),
}

impl Shared {
    /// A process of this name, not yet begun.
    pub fn new(name: impl Into<String>, terms: Terms) -> Arc<Self> {
        let (to, from) = mpsc::unbounded_channel();
        let guard = Guard::default();
        let (name, from) = (name.into(), Some(from).into());
        Arc::new(Self { guard, terms, name, to, from, place: RwLock::default(), say_at: AtomicU64::new(0) })
    }

    /// An answer, or that there is none. What has waited for a lease is of no use any more; the connection is given up,
    /// so whether it was done is not known.
    async fn answered<T>(&self, answer: Later<'_, T>) -> Result<T, Failed> {
        let late = |_| Err(StoreError::Unknown("no answer for as long as a lease".into()));
        tokio::time::timeout(self.terms.lease, answer).await.unwrap_or_else(late).map_err(|error| {
            let now = since_boot();
            // It is asked again and again; one word of it now and then is enough.
            if now.0 >= self.say_at.load(Ordering::Relaxed) {
                self.say_at.store(now.plus(self.terms.renewal).0, Ordering::Relaxed);
                tracing::warn!(%error, "nothing came of a question to the database; without an answer the lease runs out");
            }
            Failed
        })
    }

    /// The clock that leases run by.
    fn now(&self) -> Nanos {
        if planted().is(Plant::WakeWithoutLook) { Nanos(0) } else { since_boot() }
    }

    /// Drops what is in memory and takes the row away, so that nobody waits for this process any more.
    pub async fn leave(&self) {
        let (reply, done) = oneshot::channel();
        if self.to.send(Message::Stop(reply)).is_ok() {
            let _ = done.await;
        }
    }

    /// Begins to take part. It goes on until [`Shared::leave`].
    pub(crate) fn begin(self: &Arc<Self>, store: Arc<dyn Store>, lines: Lines, random: Random, clock: Arc<Clock>) {
        let Some(from) = self.from.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let Some(apart) = store.cluster().map(Cluster::runtime) else { return };
        let listener = listen(Arc::clone(&store), self.to.clone());
        let (node, work, machine) = (Arc::clone(self), Handle::current(), Node::new(self.terms).planted(planted()));
        let waiting = Vec::new();
        let shell = Shell { node, store, work, lines, random, clock, machine, waiting, changes: 0, ready: 0 };
        let whole = async move {
            let mut listening = JoinSet::new();
            listening.spawn(listener);
            shell.run(from).await;
        };
        // It runs apart, and ends with who began it.
        tokio::spawn(async move {
            let mut running = JoinSet::new();
            running.spawn_on(whole, &apart);
            running.join_next().await
        });
    }
}

impl Nodes for Shared {
    fn open(&self) -> Option<Pass> {
        self.guard.open(self.now())
    }

    fn still(&self, pass: &Pass) -> bool {
        self.guard.still(*pass, self.now())
    }

    fn everywhere(
        &self,
        position: u64,
        place: Option<Place>,
    ) -> Pin<Box<dyn Future<Output = Result<(), AppError>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.to.send(Message::Committed(position, place, reply)).map_err(|_| AppError::Unsure)?;
            answer.await.unwrap_or(Err(AppError::Unsure))
        })
    }
}

/// Forwards wake-ups for as long as the process takes part.
async fn listen(store: Arc<dyn Store>, to: mpsc::UnboundedSender<Message>) {
    const PAUSE: Duration = Duration::from_millis(200);
    let Some(cluster) = store.cluster() else { return };
    loop {
        let messages = match cluster.woken().await {
            Ok(Wake::Feed(by)) => vec![Message::Woken(by)],
            Ok(Wake::Said(word)) => vec![Message::Told(Input::Said(word))],
            Ok(Wake::Anything) => vec![Message::Woken(None), Message::Told(Input::RowsMoved)],
            Err(error) => {
                tracing::warn!(%error, "wake-ups from other nodes do not come; they are looked for by time");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        for message in messages {
            if to.send(message).is_err() {
                return;
            }
        }
    }
}

struct Shell {
    node: Arc<Shared>,
    store: Arc<dyn Store>,
    /// The runtime of everything else: what may take long is done there.
    work: Handle,
    lines: Lines,
    random: Random,
    clock: Arc<Clock>,
    machine: Node<Step>,
    /// Who waits for which change.
    waiting: Vec<(u64, oneshot::Sender<Result<(), AppError>>)>,
    changes: u64,
    /// The epoch that the installation was read in.
    ready: u64,
}

impl Shell {
    async fn run(mut self, mut from: mpsc::UnboundedReceiver<Message>) {
        let actions = self.machine.start(since_boot());
        self.act(actions);
        loop {
            let pause = self.machine.due().map(|due| due.since(since_boot()));
            let message = tokio::select! {
                message = from.recv() => message,
                () = tokio::time::sleep(pause.unwrap_or(self.node.terms.renewal)) => Some(Message::Told(Input::Tick)),
            };
            match message {
                Some(Message::Told(input)) => self.step(input),
                // A change of its own was read of when it was committed.
                Some(Message::Woken(by)) if by.is_some() && by == self.machine.incarnation() => {}
                Some(Message::Woken(_)) => self.step(Input::Woken),
                Some(Message::Ready(epoch, until)) => {
                    self.ready = self.ready.max(epoch);
                    self.node.guard.lease(epoch, until);
                }
                Some(Message::Committed(position, place, reply)) => self.committed(position, place, reply),
                Some(Message::Stop(reply)) => {
                    let own = self.machine.incarnation();
                    let actions = self.machine.leave();
                    self.act(actions);
                    self.waiting.clear();
                    if let (Some(own), Some(cluster)) = (own, self.store.cluster())
                        && let Err(error) = cluster.leave(own).await
                    {
                        tracing::warn!(%error, "the node's row stays; others wait for it once");
                    }
                    let _ = reply.send(());
                    return;
                }
                None => return,
            }
        }
    }

    fn step(&mut self, input: Input<Step>) {
        let actions = self.machine.step(since_boot(), input);
        self.lines.live().applied(self.machine.applied());
        *self.node.place.write().unwrap_or_else(PoisonError::into_inner) = self.machine.place();
        self.act(actions);
    }

    fn committed(&mut self, position: u64, place: Option<Place>, reply: oneshot::Sender<Result<(), AppError>>) {
        let Some(place) = place.or(self.machine.place()) else {
            let _ = reply.send(Err(AppError::Unsure));
            return;
        };
        self.changes += 1;
        self.waiting.push((self.changes, reply));
        let own = self.machine.incarnation();
        self.ask(move |cluster| cluster.wake(Wake::Feed(own)), |_| None);
        self.step(Input::Committed { change: self.changes, position, place });
    }

    fn answer(&mut self, change: u64, answer: Result<(), AppError>) {
        if let Some(index) = self.waiting.iter().position(|(waits, _)| *waits == change) {
            // Who went away learns nothing.
            let _ = self.waiting.swap_remove(index).1.send(answer);
        }
    }

    fn act(&mut self, actions: Vec<Action<Step>>) {
        for action in actions {
            match action {
                Action::Read(op, after) => self.read(op, after),
                Action::Apply(op, entries) => {
                    let (lines, to) = (self.lines.clone(), self.node.to.clone());
                    self.work.spawn(async move {
                        lines.follow(entries).await;
                        let _ = to.send(Message::Told(Input::Applied(op)));
                    });
                }
                Action::Register(op, applied) => self.register(op, applied),
                Action::Renew(op, own, applied) => {
                    self.ask(move |c| c.renew(own, applied), move |a| Some(Input::Renewed(op, a)));
                }
                Action::ReadRows(op) => self.ask(|c| c.rows(), move |a| Some(Input::Rows(op, a))),
                Action::Strike(op, whose, below) => {
                    tracing::warn!(node = ?whose, "a node was silent for too long and is struck off");
                    self.ask(move |c| c.strike(whose, below), move |_| Some(Input::Struck(op)));
                }
                Action::Drop(epoch) => {
                    self.node.guard.drop_lease(epoch);
                    self.lines.live().drop_all(epoch);
                }
                Action::Leave(own) => self.ask(move |c| c.leave(own), |_| None),
                Action::Lease(epoch, until) => self.lease(epoch, until),
                Action::Say(word) => self.ask(move |c| c.wake(Wake::Said(word)), |_| None),
                Action::Acknowledge(change) => self.answer(change, Ok(())),
                Action::Doubt(change) => self.answer(change, Err(AppError::Unsure)),
                Action::Settle(place) => self.ask(move |c| c.settle(place), |_| None),
                Action::Report(trouble) => report(trouble),
            }
        }
    }

    /// Reads the feed, and with it the database's clock. A node that may not serve by that clock goes on as if there had
    /// been no answer: its lease runs out, and it gets none.
    fn read(&self, op: Op, after: u64) {
        let (clock, asked) = (Arc::clone(&self.clock), since_boot());
        self.ask(
            move |cluster| cluster.page(after),
            move |answer| {
                let followed = |page: &Page<Step>| clock.follow(look(asked, page.clock)).is_ok();
                Some(Input::Page(op, answer.and_then(|page| if followed(&page) { Ok(page) } else { Err(Failed) })))
            },
        );
    }

    /// The first lease of a registration begins when the installation, too, was read after it.
    fn lease(&self, epoch: u64, until: Nanos) {
        if self.ready >= epoch {
            self.node.guard.lease(epoch, until);
            return;
        }
        let (lines, to) = (self.lines.clone(), self.node.to.clone());
        self.work.spawn(async move {
            match lines.installations().reload(&lines).await {
                Ok(()) => _ = to.send(Message::Ready(epoch, until)),
                Err(error) => tracing::error!(%error, "products, models and keys cannot be read; no check is answered"),
            }
        });
    }

    fn register(&self, op: Op, applied: u64) {
        let incarnation = Incarnation(self.random.bits());
        let (store, node) = (Arc::clone(&self.store), Arc::clone(&self.node));
        tokio::spawn(async move {
            let Some(cluster) = store.cluster() else { return };
            let answer = node.answered(cluster.register(incarnation, &node.name, applied)).await;
            let _ = node.to.send(Message::Told(Input::Registered(op, answer.map(|place| (incarnation, place)))));
        });
    }

    /// Asks the database, and hands on what it says.
    fn ask<T: Send + 'static>(
        &self,
        question: impl for<'c> FnOnce(&'c dyn Cluster) -> Later<'c, T> + Send + 'static,
        then: impl FnOnce(Result<T, Failed>) -> Option<Input<Step>> + Send + 'static,
    ) {
        let (store, node) = (Arc::clone(&self.store), Arc::clone(&self.node));
        tokio::spawn(async move {
            let Some(cluster) = store.cluster() else { return };
            if let Some(input) = then(node.answered(question(cluster)).await) {
                let _ = node.to.send(Message::Told(input));
            }
        });
    }
}

fn report(trouble: Trouble) {
    match trouble {
        Trouble::Moved { from, to } => {
            tracing::warn!(?from, ?to, "the database failed over; memory is dropped, and acknowledgements wait");
        }
        Trouble::Lost { applied, head } => {
            tracing::error!(
                applied,
                head,
                "changes that were acknowledged are not in the database any more: the standby that took over was behind"
            );
        }
        Trouble::Gap { after } => tracing::error!(after, "the feed has a gap; nothing behind it is answered from"),
        Trouble::StruckOff => tracing::warn!("this node was silent for too long and was struck off; it begins anew"),
    }
}
