//! A proxy between a client and its server that loses what it is told to lose.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What is lost when a client's bytes contain a word. It happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lose {
    /// The word still arrives; the answer to it and the connection are lost.
    Answer,
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

    /// Ends all connections and takes no new ones, or takes them again.
    pub fn close(&self, closed: bool) {
        self.trap.closed.store(closed, Relaxed);
        if closed {
            for stream in self.trap.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

fn pass(client: TcpStream, server: TcpStream, trap: &Arc<Trap>) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    trap.open.lock().unwrap_or_else(PoisonError::into_inner).extend([client.try_clone()?, server.try_clone()?]);
    let deaf = Arc::new(AtomicBool::new(false));
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let (set, hears) = (Arc::clone(trap), Arc::clone(&deaf));
    thread::spawn(move || {
        let _ = copy(&mut from, |bytes| {
            let mut word = set.word.lock().unwrap_or_else(PoisonError::into_inner);
            let sprung = word.as_ref().filter(|(word, _)| bytes.windows(word.len()).any(|part| part == word));
            match sprung.map(|(_, lose)| *lose) {
                None => {}
                Some(lose) => {
                    *word = None;
                    drop(word);
                    if lose == Lose::Question {
                        return Err(io::ErrorKind::ConnectionReset.into());
                    }
                    hears.store(true, Relaxed);
                }
            }
            to.write_all(bytes)
        });
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
    let (mut from, mut to) = (server, client);
    thread::spawn(move || {
        let _ = copy(&mut from, |bytes| {
            // The server has answered: what it was told is done, and nobody hears of it.
            if deaf.load(Relaxed) { Err(io::ErrorKind::ConnectionReset.into()) } else { to.write_all(bytes) }
        });
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
    Ok(())
}

fn copy(from: &mut TcpStream, mut to: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            n => to(&buffer[..n])?,
        }
    }
}
