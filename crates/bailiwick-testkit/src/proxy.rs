//! A proxy between a client and its server that loses what it is told to lose.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

/// What is lost when a client's bytes contain a word. It happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lose {
    /// What the client says still arrives; the answers are lost, and with the word of the server that is given here the
    /// connection.
    Answer(&'static [u8]),
    /// The same, and from then on nobody gets through until the proxy is opened again.
    Everything(&'static [u8]),
    /// What the client says still arrives; it never hears an answer, and the connection stays.
    Silence,
    /// The word does not arrive any more, and the connection is lost.
    Question,
}

/// A proxy on a loopback port.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    trap: Arc<Trap>,
}

#[derive(Debug, Default)]
struct Trap {
    word: Mutex<Option<(Vec<u8>, Lose)>>,
    closed: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
    /// Whether nothing passes for now.
    still: Mutex<bool>,
    moves: Condvar,
}

impl Proxy {
    /// A proxy to a loopback port, which lets everything through.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let own = listener.local_addr()?.port();
        let trap = Arc::new(Trap::default());
        let set = Arc::clone(&trap);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                if set.closed.load(Relaxed) {
                    continue;
                }
                let _ = pass(client, server, &set);
            }
        });
        Ok(Self { port: own, trap })
    }

    /// The port that clients use.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Loses something once, when a client says this word.
    pub fn lose(&self, word: &[u8], what: Lose) {
        *self.trap.word.lock().unwrap_or_else(PoisonError::into_inner) = Some((word.to_vec(), what));
    }

    /// Whether the trap was sprung.
    pub fn has_lost(&self) -> bool {
        self.trap.word.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Keeps back whatever is said, either way and on new connections too, or lets it all pass on: a network that is
    /// silent and loses nothing.
    pub fn hold(&self, still: bool) {
        *self.trap.still.lock().unwrap_or_else(PoisonError::into_inner) = still;
        self.trap.moves.notify_all();
    }

    /// Ends all connections and takes no new ones, or takes them again.
    pub fn close(&self, closed: bool) {
        self.trap.close(closed);
    }
}

fn pass(client: TcpStream, server: TcpStream, trap: &Arc<Trap>) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    trap.open.lock().unwrap_or_else(PoisonError::into_inner).extend([client.try_clone()?, server.try_clone()?]);
    let lost = Arc::new(Mutex::new(None));
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let (set, sprung) = (Arc::clone(trap), Arc::clone(&lost));
    thread::spawn(move || {
        let _ = copy(&mut from, |bytes| {
            set.wait();
            if let Some(lose) = set.springs(bytes) {
                if lose == Lose::Question {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                *sprung.lock().unwrap_or_else(PoisonError::into_inner) = Some(lose);
            }
            to.write_all(bytes)
        });
        close(&from, &to);
    });
    let (mut from, mut to, all) = (server, client, Arc::clone(trap));
    thread::spawn(move || {
        let _ = copy(&mut from, |bytes| {
            all.wait();
            match *lost.lock().unwrap_or_else(PoisonError::into_inner) {
                None => to.write_all(bytes),
                Some(Lose::Answer(word)) if holds(bytes, word) => Err(io::ErrorKind::ConnectionReset.into()),
                Some(Lose::Everything(word)) if holds(bytes, word) => {
                    all.close(true);
                    Err(io::ErrorKind::ConnectionReset.into())
                }
                Some(_) => Ok(()),
            }
        });
        close(&from, &to);
    });
    Ok(())
}

impl Trap {
    /// Waits for as long as nothing passes.
    fn wait(&self) {
        let still = self.still.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.moves.wait_while(still, |still| *still));
    }

    fn close(&self, closed: bool) {
        self.closed.store(closed, Relaxed);
        if closed {
            for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }

    /// What is lost from here on, if these bytes have the word in them. It is set once.
    fn springs(&self, bytes: &[u8]) -> Option<Lose> {
        let mut word = self.word.lock().unwrap_or_else(PoisonError::into_inner);
        if word.as_ref().is_some_and(|(word, _)| holds(bytes, word)) { word.take().map(|(_, lose)| lose) } else { None }
    }
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part == word)
}

pub(crate) fn close(one: &TcpStream, other: &TcpStream) {
    let _ = one.shutdown(Shutdown::Both);
    let _ = other.shutdown(Shutdown::Both);
}

pub(crate) fn copy(from: &mut TcpStream, mut to: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            n => to(&buffer[..n])?,
        }
    }
}
