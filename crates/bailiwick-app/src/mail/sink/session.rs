//! One conversation with a sender: lines in, answers out, no I/O.

use super::Received;

/// Command lines may have 512 bytes, lines of a mail 1000 (RFC 5321, 4.5.3.1).
const COMMAND_LINE: usize = 512;
const DATA_LINE: usize = 1000;
/// The largest mail that is kept, in bytes.
const LARGEST: usize = 1 << 20;
/// The most recipients of one mail.
const RECIPIENTS: usize = 100;

/// What to do after a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Read on.
    Silent,
    /// Answer.
    Say(String),
    /// A mail is whole: keep or refuse it, and answer.
    Mail(Received),
    /// Say goodbye.
    Quit,
}

/// How far a conversation has come.
#[derive(Debug, Default)]
pub(super) struct Session {
    greeted: bool,
    from: Option<String>,
    to: Vec<String>,
    data: Option<Data>,
}

/// The lines of a mail on their way in.
#[derive(Debug, Default)]
struct Data {
    bytes: Vec<u8>,
    /// The answer to a mail that cannot be kept; its lines must be read all the same.
    fault: Option<&'static str>,
}

impl Session {
    /// How long the next line may be.
    pub(super) fn longest_line(&self) -> usize {
        if self.data.is_some() { DATA_LINE } else { COMMAND_LINE }
    }

    /// Takes a line.
    pub(super) fn line(&mut self, line: &[u8]) -> Step {
        match &mut self.data {
            Some(_) if line == b"." => self.end_of_data(),
            Some(data) => {
                data.push(line);
                Step::Silent
            }
            None => self.command(&String::from_utf8_lossy(line)),
        }
    }

    /// Takes note of a line that is none.
    pub(super) fn bad_line(&mut self, answer: &'static str) -> Step {
        match &mut self.data {
            Some(data) => {
                data.fault = Some(answer);
                Step::Silent
            }
            None => Step::Say(answer.to_owned()),
        }
    }

    fn command(&mut self, line: &str) -> Step {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "QUIT" => Step::Quit,
            "EHLO" | "HELO" => self.hello(rest),
            "NOOP" => say("250 2.0.0 Fine"),
            "RSET" => self.reset("250 2.0.0 Forgotten"),
            "MAIL" => self.mail(rest),
            "RCPT" => self.recipient(rest),
            "DATA" => self.begin_data(),
            _ => say("502 5.5.1 Not a command here"),
        }
    }

    fn hello(&mut self, name: &str) -> Step {
        if name.trim().is_empty() {
            return say("501 5.5.4 Say who you are");
        }
        self.greeted = true;
        self.reset("250 sink.localhost")
    }

    fn reset(&mut self, answer: &str) -> Step {
        *self = Self { greeted: self.greeted, ..Self::default() };
        say(answer)
    }

    fn mail(&mut self, rest: &str) -> Step {
        match path(rest, "FROM:") {
            _ if !self.greeted || self.from.is_some() => say("503 5.5.1 Not now"),
            None => say("501 5.5.4 MAIL FROM:<address>"),
            Some(address) => {
                self.from = Some(address);
                say("250 2.1.0 Fine")
            }
        }
    }

    fn recipient(&mut self, rest: &str) -> Step {
        match path(rest, "TO:") {
            _ if self.from.is_none() => say("503 5.5.1 MAIL comes first"),
            _ if self.to.len() == RECIPIENTS => say("452 4.5.3 Too many recipients"),
            Some(address) if !address.is_empty() => {
                self.to.push(address);
                say("250 2.1.5 Fine")
            }
            _ => say("501 5.5.4 RCPT TO:<address>"),
        }
    }

    fn begin_data(&mut self) -> Step {
        if self.to.is_empty() {
            return say("503 5.5.1 RCPT comes first");
        }
        self.data = Some(Data::default());
        say("354 End with a line of one dot")
    }

    fn end_of_data(&mut self) -> Step {
        let whole = std::mem::take(self);
        self.greeted = true;
        let data = whole.data.unwrap_or_default();
        match data.fault {
            Some(answer) => say(answer),
            None => Step::Mail(Received { from: whole.from.unwrap_or_default(), to: whole.to, data: data.bytes }),
        }
    }
}

impl Data {
    fn push(&mut self, line: &[u8]) {
        let unstuffed = line.strip_prefix(b".").unwrap_or(line);
        if self.bytes.len() + unstuffed.len() + 2 > LARGEST {
            self.fault = Some("552 5.3.4 Too large");
        }
        if self.fault.is_none() {
            self.bytes.extend_from_slice(unstuffed);
            self.bytes.extend_from_slice(b"\r\n");
        }
    }
}

fn say(answer: &str) -> Step {
    Step::Say(answer.to_owned())
}

/// The address between angle brackets after `keyword`; parameters after it are not looked at.
fn path(rest: &str, keyword: &str) -> Option<String> {
    let (word, rest) = rest.split_at_checked(keyword.len())?;
    let inside = rest.trim_start().strip_prefix('<')?;
    let (address, _) = inside.split_once('>')?;
    word.eq_ignore_ascii_case(keyword).then(|| address.to_owned())
}
