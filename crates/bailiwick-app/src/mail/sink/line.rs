//! Lines off the wire, never longer in memory than they may be.

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// What came up to the next LF.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, its CR LF taken off.
    Text(Vec<u8>),
    /// A line above the limit; its bytes are gone.
    TooLong,
    /// A line without its CR. Taking it for a line is how mails are smuggled into other mails.
    Bare,
    /// The other side has closed.
    End,
}

/// Reads one line of at most `longest` bytes, CR LF included; a longer one is read past and dropped.
pub(super) async fn next_line<S: AsyncBufRead + Unpin>(stream: &mut S, longest: usize) -> std::io::Result<Line> {
    let mut line = Vec::new();
    let mut too_long = false;
    loop {
        let chunk = stream.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(Line::End);
        }
        let end = chunk.iter().position(|&byte| byte == b'\n');
        let used = end.map_or(chunk.len(), |at| at + 1);
        too_long |= line.len() + used > longest;
        if !too_long {
            line.extend_from_slice(&chunk[..used]);
        }
        stream.consume(used);
        if end.is_some() {
            return Ok(if too_long { Line::TooLong } else { unended(line) });
        }
    }
}

fn unended(mut line: Vec<u8>) -> Line {
    if !line.ends_with(b"\r\n") {
        return Line::Bare;
    }
    line.truncate(line.len() - 2);
    Line::Text(line)
}
