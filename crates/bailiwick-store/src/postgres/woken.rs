//! Wake-ups: one connection that only listens. It may miss something at any time; whoever is woken looks for themselves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bailiwick_core::node::{Incarnation, Place, Word};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::connect::{Dialer, Purpose};
use crate::cluster::Wake;
use crate::tables::db::Out;

/// Before a connection that was lost is made again.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a connection that says nothing is asked whether it lives.
const PULSE: Duration = Duration::from_secs(10);

/// So many words wait to be told at most; who listens so slowly looks for themselves.
const WORDS: usize = 1_000;

/// A wake-up as it is sent.
pub(super) fn sent(wake: Wake) -> String {
    match wake {
        Wake::Feed(None) => "feed".to_owned(),
        Wake::Feed(Some(by)) => format!("feed {:032x}", by.0),
        Wake::Said(Word { incarnation, applied, place }) => {
            format!("said {:032x} {applied} {} {}", incarnation.0, place.system, place.timeline)
        }
        Wake::Anything => "anything".to_owned(),
    }
}

/// A wake-up as it was heard. What is not understood may have been anything, such as something that a newer release says.
fn heard(payload: &str) -> Wake {
    let named = |of: &str| u128::from_str_radix(of, 16).ok().map(Incarnation);
    if payload == "feed" {
        return Wake::Feed(None);
    }
    if let Some(by) = payload.strip_prefix("feed ").and_then(named) {
        return Wake::Feed(Some(by));
    }
    let word = || {
        let mut parts = payload.strip_prefix("said ")?.split(' ');
        let incarnation = named(parts.next()?)?;
        let applied = parts.next()?.parse().ok()?;
        let place = Place { system: parts.next()?.parse().ok()?, timeline: parts.next()?.parse().ok()? };
        parts.next().is_none().then_some(Word { incarnation, applied, place })
    };
    word().map_or(Wake::Anything, Wake::Said)
}

/// What was heard and not yet told.
#[derive(Default)]
struct Heard {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    /// By whom; by several: by nobody known.
    feed: Option<Option<Incarnation>>,
    anything: bool,
    words: VecDeque<Word>,
}

impl Heard {
    fn note(&self, payload: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match heard(payload) {
            Wake::Feed(by) => waiting.feed = Some(by.filter(|_| waiting.feed.is_none_or(|before| before == by))),
            Wake::Said(word) if waiting.words.len() < WORDS => waiting.words.push_back(word),
            Wake::Said(_) | Wake::Anything => waiting.anything = true,
        }
        drop(waiting);
        self.bell.notify_one();
    }

    fn take(&self) -> Option<Wake> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut waiting.anything) {
            waiting.feed = None;
            Some(Wake::Anything)
        } else if let Some(by) = waiting.feed.take() {
            Some(Wake::Feed(by))
        } else {
            waiting.words.pop_front().map(Wake::Said)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard_and_what_is_strange_may_have_been_anything() {
        let place = Place { system: u64::MAX, timeline: 7 };
        let word = Word { incarnation: Incarnation(u128::MAX - 1), applied: 42, place };
        for wake in [Wake::Feed(None), Wake::Feed(Some(word.incarnation)), Wake::Anything, Wake::Said(word)] {
            assert_eq!(heard(&sent(wake)), wake);
        }
        let whole = sent(Wake::Said(word));
        for strange in ["", "applied", "said", "said 1 2 3", "said x 2 3 4", "said 1 -2 3 4", &format!("{whole} 5")] {
            assert_eq!(heard(strange), Wake::Anything, "{strange}");
        }
    }

    #[test]
    fn wake_ups_by_several_are_by_nobody_known() {
        let by = |n| Wake::Feed(Some(Incarnation(n)));
        for (notes, told) in [(vec![by(1), by(1)], by(1)), (vec![by(1), by(2), by(2)], Wake::Feed(None))] {
            let all = Heard::default();
            notes.into_iter().for_each(|wake| all.note(&sent(wake)));
            assert_eq!((all.take(), all.take()), (Some(told), None));
        }
    }
}
