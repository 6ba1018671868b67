//! A small SMTP server on loopback that keeps what it gets: the mailbox of the demo and of the tests.
//!
//! It speaks enough SMTP to be told apart from a relay by nobody who sends (RFC 5321 without extensions), keeps the
//! last hundred mails in memory and passes nothing on. Told to, it refuses the next mails as a relay would.

mod line;
mod read;
mod session;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use line::{Line, next_line};
use session::{Session, Step};

pub use read::ReadMail;

/// How many mails are kept; older ones go.
const KEPT: usize = 100;
/// How many connections are served at once; others wait.
const CONNECTIONS: usize = 16;

/// A mail as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Headers and body, dots unstuffed.
    pub data: Vec<u8>,
}

/// How the sink turns a mail down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    code: u16,
    text: String,
}

impl Refusal {
    /// As a relay that may take the mail later.
    pub fn temporary() -> Self {
        Self::with(451, "4.3.0 Try again later")
    }

    /// As a relay that will never take the mail.
    pub fn permanent() -> Self {
        Self::with(550, "5.1.1 No such mailbox")
    }

    /// In words of one's own; a code that is no refusal becomes 451.
    pub fn with(code: u16, text: &str) -> Self {
        let code = if (400..600).contains(&code) { code } else { 451 };
        Self { code, text: text.replace(['\r', '\n'], " ") }
    }
}

#[derive(Debug, Default)]
struct Mailbox {
    received: VecDeque<Received>,
    refusals: VecDeque<Refusal>,
}

impl Mailbox {
    fn take(&mut self, mail: Received) -> String {
        if let Some(Refusal { code, text }) = self.refusals.pop_front() {
            return format!("{code} {text}");
        }
        if self.received.len() == KEPT {
            self.received.pop_front();
        }
        self.received.push_back(mail);
        "250 2.0.0 Kept".to_owned()
    }
}

type Shared = Arc<Mutex<Mailbox>>;

fn locked(mailbox: &Shared) -> MutexGuard<'_, Mailbox> {
    mailbox.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running sink; dropping it closes its port and its connections.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    mailbox: Shared,
    task: JoinHandle<()>,
}

impl Sink {
    /// Listens on a loopback port; port 0 takes any free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(port: u16) -> std::io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, port).into()).await
    }

    /// Listens on an address, for senders that are not on this machine.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn start_at(address: SocketAddr) -> std::io::Result<Self> {
        Self::start_over(address, |stream| async { Ok(stream) }).await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The mails it keeps, oldest first.
    pub fn received(&self) -> Vec<Received> {
        locked(&self.mailbox).received.iter().cloned().collect()
    }

    /// Turns down the next `count` mails, after their last line.
    pub fn refuse_next(&self, count: usize, refusal: &Refusal) {
        locked(&self.mailbox).refusals.extend(std::iter::repeat_n(refusal.clone(), count));
    }

    /// Listens on a free port and speaks TLS from the first byte.
    #[cfg(test)]
    pub(super) async fn start_tls(acceptor: tokio_rustls::TlsAcceptor) -> std::io::Result<Self> {
        Self::start_over((Ipv4Addr::LOCALHOST, 0).into(), move |stream| acceptor.accept(stream)).await
    }

    /// Listens, and talks over what `dress` makes of a connection: itself, or a TLS stream.
    async fn start_over<D, F, S>(address: SocketAddr, dress: D) -> std::io::Result<Self>
    where
        D: Fn(TcpStream) -> F + Send + Sync + 'static,
        F: Future<Output = std::io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let mailbox = Shared::default();
        let task = tokio::spawn(accept(listener, Arc::clone(&mailbox), dress));
        Ok(Self { address, mailbox, task })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The connections live in the task that accepts them, so that they end with it.
async fn accept<D, F, S>(listener: TcpListener, mailbox: Shared, dress: D)
where
    D: Fn(TcpStream) -> F,
    F: Future<Output = std::io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        if connections.len() >= CONNECTIONS {
            connections.join_next().await;
        }
        while connections.try_join_next().is_some() {}
        let dressed = dress(stream);
        let mailbox = Arc::clone(&mailbox);
        connections.spawn(async move { serve(dressed.await?, &mailbox).await });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S, mailbox: &Shared) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut session = Session::default();
    say(&mut stream, "220 sink.localhost ESMTP, keeps what it gets").await?;
    loop {
        let step = match next_line(&mut stream, session.longest_line()).await? {
            Line::End => return Ok(()),
            Line::Text(text) => session.line(&text),
            Line::TooLong => session.bad_line("500 5.5.2 Line too long"),
            Line::Bare => session.bad_line("500 5.5.2 Lines end with CR and LF"),
        };
        match step {
            Step::Silent => {}
            Step::Say(answer) => say(&mut stream, &answer).await?,
            Step::Mail(mail) => {
                let answer = locked(mailbox).take(mail);
                say(&mut stream, &answer).await?;
            }
            Step::Quit => return say(&mut stream, "221 2.0.0 Bye").await,
        }
    }
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, answer: &str) -> std::io::Result<()> {
    stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests;
