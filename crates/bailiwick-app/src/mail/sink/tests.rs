//! Conversations with the sink, line by line and over a socket.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::session::{Session, Step};
use super::{Received, Refusal, Sink};

/// Says everything at once, closes, and gives back the codes of the answers.
async fn codes(sink: &Sink, said: &[u8]) -> Vec<String> {
    let mut stream = TcpStream::connect(sink.address()).await.unwrap();
    stream.write_all(said).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    answers.lines().map(|line| line[..3].to_owned()).collect()
}

const MAIL: &str = "EHLO a\r\nMAIL FROM:<a@x.io> BODY=8BITMIME\r\nRCPT TO:<b@x.io>\r\nDATA\r\n";

#[tokio::test]
async fn a_mail_is_kept_as_it_was_said_its_dots_unstuffed() {
    let sink = Sink::start(0).await.unwrap();
    let said = format!("{MAIL}Subject: x\r\n\r\n..one\r\n.two\r\nthree\r\n.\r\nQUIT\r\n");
    assert_eq!(codes(&sink, said.as_bytes()).await, ["220", "250", "250", "250", "354", "250", "221"]);
    let data = b"Subject: x\r\n\r\n.one\r\ntwo\r\nthree\r\n".to_vec();
    assert_eq!(sink.received(), [Received { from: "a@x.io".to_owned(), to: vec!["b@x.io".to_owned()], data }]);
}

#[tokio::test]
async fn a_dot_between_bare_line_ends_does_not_end_a_mail() {
    let sink = Sink::start(0).await.unwrap();
    let said = format!("{MAIL}x\n.\nMAIL FROM:<evil@x.io>\r\n.\r\nQUIT\r\n");
    assert_eq!(codes(&sink, said.as_bytes()).await, ["220", "250", "250", "250", "354", "500", "221"]);
    assert!(sink.received().is_empty());
}

#[tokio::test]
async fn lines_above_the_limits_are_refused_and_forgotten() {
    let sink = Sink::start(0).await.unwrap();
    let long = "a".repeat(1_001);
    let said = format!("NOOP {long}\r\n{MAIL}{long}\r\n.\r\nNOOP\r\nQUIT\r\n");
    assert_eq!(codes(&sink, said.as_bytes()).await, ["220", "500", "250", "250", "250", "354", "500", "250", "221"]);
    assert!(sink.received().is_empty());
}

#[tokio::test]
async fn too_large_a_mail_is_refused() {
    let sink = Sink::start(0).await.unwrap();
    let said = format!("{MAIL}{}.\r\n", format!("{}\r\n", "a".repeat(900)).repeat(1_200));
    assert_eq!(codes(&sink, said.as_bytes()).await.last().unwrap(), "552");
}

#[tokio::test]
async fn only_the_last_mails_are_kept() {
    let sink = Sink::start(0).await.unwrap();
    let one = |n: usize| format!("{MAIL}{n}\r\n.\r\n");
    let said: String = (0..103).map(one).collect();
    codes(&sink, said.as_bytes()).await;
    let received = sink.received();
    assert_eq!((received.len(), received[0].data.as_slice()), (100, b"3\r\n".as_slice()));
}

#[tokio::test]
async fn refusals_are_used_up_one_by_one() {
    let sink = Sink::start(0).await.unwrap();
    sink.refuse_next(1, &Refusal::temporary());
    sink.refuse_next(1, &Refusal::permanent());
    sink.refuse_next(1, &Refusal::with(250, "not a refusal\r\n250 nor this"));
    let said = format!("{MAIL}.\r\n").repeat(4);
    let answers: Vec<String> = codes(&sink, said.as_bytes()).await.split_off(1);
    let last: Vec<&str> = answers.iter().skip(4).step_by(5).map(String::as_str).collect();
    assert_eq!(last, ["451", "550", "451", "250"]);
}

#[test]
fn commands_come_in_their_order() {
    let table = [
        (&["MAIL FROM:<a@x.io>"][..], "503"),
        (&["EHLO"], "501"),
        (&["EHLO a", "RCPT TO:<b@x.io>"], "503"),
        (&["EHLO a", "DATA"], "503"),
        (&["helo a", "mail from: <a@x.io>"], "250"),
        (&["EHLO a", "MAIL FROM:<>", "RCPT TO:<>"], "501"),
        (&["EHLO a", "MAIL a@x.io"], "501"),
        (&["EHLO a", "MAIL FROM:<a@x.io>", "MAIL FROM:<a@x.io>"], "503"),
        (&["EHLO a", "MAIL FROM:<a@x.io>", "RCPT TO:<b@x.io>", "RSET", "DATA"], "503"),
        (&["VRFY b"], "502"),
        (&["NOOP"], "250"),
        (&["MAIL FROM\u{fffd}:"], "503"),
    ];
    for (lines, code) in table {
        let mut session = Session::default();
        let last = lines.iter().map(|line| session.line(line.as_bytes())).last();
        let Some(Step::Say(answer)) = last else { panic!("{lines:?}: {last:?}") };
        assert!(answer.starts_with(code), "{lines:?}: {answer}");
    }
}
