//! What stands before several nodes: each new connection goes to the next of them.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::proxy::{close, copy};

/// A loopback port whose connections go to several others in turn.
#[derive(Debug)]
pub struct RoundRobin {
    port: u16,
    nodes: Arc<Mutex<Vec<u16>>>,
}

impl RoundRobin {
    /// Nobody is behind it yet; who connects is turned away.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn new() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let nodes: Arc<Mutex<Vec<u16>>> = Arc::default();
        let turn = Arc::clone(&nodes);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Some(node) = next(&turn) {
                    let _ = pass(client, node);
                }
            }
        });
        Ok(Self { port, nodes })
    }

    /// The port that clients use.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Puts a node behind it.
    pub fn add(&self, port: u16) {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner).push(port);
    }
}

/// The next node that takes connections; it goes to the end of the row.
fn next(nodes: &Mutex<Vec<u16>>) -> Option<TcpStream> {
    let mut nodes = nodes.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..nodes.len() {
        nodes.rotate_left(1);
        if let Some(node) = nodes.last().and_then(|port| TcpStream::connect(("127.0.0.1", *port)).ok()) {
            return Some(node);
        }
    }
    None
}

fn pass(client: TcpStream, node: TcpStream) -> io::Result<()> {
    for (from, to) in [(client.try_clone()?, node.try_clone()?), (node, client)] {
        from.set_nodelay(true)?;
        thread::spawn(move || {
            let (mut from, mut to) = (from, to);
            let _ = copy(&mut from, |bytes| io::Write::write_all(&mut to, bytes));
            close(&from, &to);
        });
    }
    Ok(())
}
