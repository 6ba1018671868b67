//! Wake-ups: one connection that only listens. It may miss something at any time; whoever is woken looks for themselves.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::connect::{Dialer, Purpose};
use crate::cluster::Wake;
use crate::tables::db::Out;

/// Before a connection that was lost is made again.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a connection that says nothing is asked whether it lives.
const PULSE: Duration = Duration::from_secs(10);

/// What a wake-up says to others.
pub(super) fn word(why: Wake) -> &'static str {
    match why {
        Wake::Feed => "feed",
        Wake::Applied => "applied",
        Wake::Anything => "anything",
    }
}

/// What was heard and not yet told. Wake-ups of one kind are one.
#[derive(Default)]
struct Heard {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    feed: bool,
    applied: bool,
    anything: bool,
}

impl Heard {
    fn note(&self, why: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            "feed" => waiting.feed = true,
            "applied" => waiting.applied = true,
            _ => waiting.anything = true,
        }
        drop(waiting);
        self.bell.notify_one();
    }

    fn take(&self) -> Option<Wake> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.anything {
            *waiting = Waiting::default();
            Some(Wake::Anything)
        } else if std::mem::take(&mut waiting.feed) {
            Some(Wake::Feed)
        } else if std::mem::take(&mut waiting.applied) {
            Some(Wake::Applied)
        } else {
            None
        }
    }
}

/// The connection that listens, from the first time on that somebody waits.
pub(super) struct Ears {
    dialer: Arc<Dialer>,
    heard: Arc<Heard>,
    listening: OnceLock<AbortHandle>,
}

impl Ears {
    pub(super) fn new(dialer: Arc<Dialer>) -> Self {
        Self { dialer, heard: Arc::default(), listening: OnceLock::new() }
    }

    /// Waits for a wake-up.
    pub(super) async fn woken(&self) -> Wake {
        self.listening.get_or_init(|| {
            let listening = listen(Arc::clone(&self.dialer), Arc::clone(&self.heard));
            self.dialer.handle().spawn(listening).abort_handle()
        });
        loop {
            // The bell keeps one ring for who is not waiting yet.
            match self.heard.take() {
                Some(wake) => return wake,
                None => self.heard.bell.notified().await,
            }
        }
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.get() {
            listening.abort();
        }
    }
}

/// Listens for ever, on one connection after another.
async fn listen(dialer: Arc<Dialer>, heard: Arc<Heard>) {
    loop {
        if let Err(error) = listen_once(&dialer, &heard).await {
            tracing::debug!(%error, "not listening");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen_once(dialer: &Dialer, heard: &Arc<Heard>) -> Out<()> {
    let to = Arc::clone(heard);
    let conn = dialer.listening(Purpose::Node, Box::new(move |why| to.note(why))).await?;
    conn.client.batch_execute("listen bailiwick").await?;
    // What was said between the last connection and this one was heard by nobody.
    heard.note("anything");
    // A connection that ended says so; one whose other side is gone has to be asked.
    while tokio::time::timeout(PULSE, conn.ended()).await.is_err() {
        conn.client.batch_execute("").await?;
    }
    Ok(())
}
