//! A receiver of webhooks: a real HTTP server on loopback that answers as it is told and keeps what it was sent.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How it answers.
#[derive(Debug, Clone)]
pub enum Answer {
    /// With a status and no body.
    Status(u16),
    /// With a status and a header.
    With(u16, &'static str),
    /// With a body of so many bytes.
    Huge(usize),
    /// Not at all; the connection stays open.
    Silence,
}

/// What was sent.
#[derive(Debug, Clone)]
pub struct Received {
    /// The first line.
    pub line: String,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, byte by byte.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of a header; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(is, _)| is == name).map_or("", |(_, value)| value)
    }
}

#[derive(Default)]
struct State {
    next: VecDeque<Answer>,
    received: Vec<Received>,
    held: Vec<TcpStream>,
}

/// The server. It ends with the process.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Receiver {
    /// Starts one at a free port.
    ///
    /// # Errors
    /// There is none.
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared: Arc<(Mutex<State>, Condvar)> = Arc::default();
        let to = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let to = Arc::clone(&to);
                std::thread::spawn(move || serve(stream, &to));
            }
        });
        Ok(Self { address, shared })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// Answers the next requests so, one after another; those after them with 204.
    pub fn next(&self, answers: &[Answer]) {
        self.state().next.extend(answers.iter().cloned());
    }

    /// What it was sent so far.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    /// Waits until it was sent so many, or the time is over; gives what it has then.
    pub fn wait_for(&self, count: usize, at_most: Duration) -> Vec<Received> {
        let state = self.state();
        let waited = self.shared.1.wait_timeout_while(state, at_most, |state| state.received.len() < count);
        waited.unwrap_or_else(PoisonError::into_inner).0.received.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(mut stream: TcpStream, shared: &(Mutex<State>, Condvar)) {
    let Some(received) = read(&mut stream) else { return };
    let mut state = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    state.received.push(received);
    shared.1.notify_all();
    let answer = state.next.pop_front().unwrap_or(Answer::Status(204));
    let (head, body) = match answer {
        Answer::Silence => {
            state.held.push(stream);
            return;
        }
        Answer::Status(status) => (format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n"), 0),
        Answer::With(status, header) => (format!("HTTP/1.1 {status} X\r\n{header}\r\ncontent-length: 0\r\n\r\n"), 0),
        Answer::Huge(size) => (format!("HTTP/1.1 200 X\r\ncontent-length: {size}\r\n\r\n"), size),
    };
    drop(state);
    // Who asked may go away at any moment.
    let _ = stream.write_all(head.as_bytes());
    let chunk = [b'x'; 8192];
    let mut left = body;
    while left > 0 {
        let count = left.min(chunk.len());
        if stream.write_all(&chunk[..count]).is_err() {
            return;
        }
        left -= count;
    }
}

fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let mut lines = head.split("\r\n");
            let line = lines.next().unwrap_or_default().to_owned();
            let headers: Vec<(String, String)> = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect();
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                return Some(Received { line, headers, body: bytes[end + 4..end + 4 + length].to_vec() });
            }
        }
        match stream.read(&mut part) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
            _ => return None,
        }
    }
}
