//! A client of HTTP/1.1 that does no more than the proof needs: one kept connection, and many questions sent at once.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(1);

/// An answer.
#[derive(Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub location: String,
    /// `name=value` of each cookie that was set.
    pub cookies: Vec<String>,
    pub body: String,
}

/// A request, as it goes over the wire.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "\r\n";
    text += body;
    text.into_bytes()
}

/// One connection.
pub struct Connection {
    stream: TcpStream,
    /// What has arrived and is not read yet.
    arrived: Vec<u8>,
    read: usize,
}

impl Connection {
    pub fn to(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, CONNECT)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, arrived: Vec::new(), read: 0 })
    }

    /// How long to wait for what comes next.
    pub fn patience(&self, patience: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(Some(patience))
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next answer.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let head = self.through(b"\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let mut answer = Answer { status, ..Answer::default() };
        let mut length = 0;
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().map_err(|_| io::ErrorKind::InvalidData)?,
                "location" => value.clone_into(&mut answer.location),
                "set-cookie" => answer.cookies.push(value.split(';').next().unwrap_or_default().to_owned()),
                _ => {}
            }
        }
        answer.body = self.exactly(length)?;
        Ok(answer)
    }

    fn through(&mut self, end: &[u8]) -> io::Result<String> {
        let mut from = self.read;
        loop {
            if let Some(at) = self.arrived[from..].windows(end.len()).position(|part| part == end) {
                return Ok(self.take(from + at + end.len()));
            }
            from = self.arrived.len().saturating_sub(end.len() - 1).max(self.read);
            self.more()?;
        }
    }

    fn exactly(&mut self, length: usize) -> io::Result<String> {
        while self.arrived.len() - self.read < length {
            self.more()?;
        }
        Ok(self.take(self.read + length))
    }

    fn take(&mut self, until: usize) -> String {
        let text = String::from_utf8_lossy(&self.arrived[self.read..until]).into_owned();
        self.read = until;
        if self.read == self.arrived.len() {
            self.arrived.clear();
            self.read = 0;
        }
        text
    }

    fn more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 32 * 1024];
        match self.stream.read(&mut buffer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                self.arrived.extend_from_slice(&buffer[..n]);
                Ok(())
            }
        }
    }
}
