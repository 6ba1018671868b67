//! Against real listeners on loopback.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

fn loopback() -> Vec<Network> {
    vec!["127.0.0.0/8".parse().unwrap()]
}

fn named(answers: Vec<Vec<&'static str>>) -> (Resolve, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let resolve: Resolve = Arc::new(move |_| {
        let turn = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        let answer = answers[turn].iter().map(|a| a.parse().unwrap()).collect();
        Box::pin(async move { Ok(answer) })
    });
    (resolve, asked)
}

/// A listener that says this to each connection once a request has come; what it was asked.
async fn says(answer: &'static [u8]) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let note = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut read = vec![0; 4096];
            let count = stream.read(&mut read).await.unwrap_or(0);
            note.lock().unwrap().push(String::from_utf8_lossy(&read[..count]).into_owned());
            tokio::spawn(async move {
                let _ = stream.write_all(answer).await;
                let _ = stream.read(&mut [0; 64]).await;
            });
        }
    });
    (port, asked)
}

async fn post(client: &Outbound, address: &str) -> Result<Reply, Failed> {
    client.post(address, HeaderMap::new(), b"{}".to_vec()).await
}

#[tokio::test]
async fn ab119_an_address_that_is_not_public_is_refused_in_every_spelling() {
    let client = Outbound::new(Vec::new(), &[]).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.64.1.1",
        "224.0.0.1",
        "１２７.0.0.1",
    ] {
        let address = format!("https://{host}/hook");
        assert_eq!(client.look(&address).await, Err(BadTarget::NotPublic), "{address}");
        assert_eq!(post(&client, &address).await, Err(Failed::Refused), "{address}");
    }
    for address in ["http://9.9.9.9/hook", "https://9.9.9.9:8443/hook", "https://9.9.9.9:22/"] {
        assert_eq!(client.look(address).await, Err(BadTarget::NotPublic), "{address}");
        assert_eq!(post(&client, address).await, Err(Failed::Refused), "{address}");
    }
    for address in
        ["", "hook", "/hook", "ftp://9.9.9.9/", "file:///etc/passwd", "gopher://9.9.9.9", "https://", "https://a b/"]
    {
        assert_eq!(client.look(address).await, Err(BadTarget::NotAnAddress), "{address}");
        assert_eq!(post(&client, address).await, Err(Failed::Refused), "{address}");
    }
    for address in ["https://user@9.9.9.9/", "https://user:pass@9.9.9.9/", "https://9.9.9.9/#x"] {
        assert_eq!(client.look(address).await, Err(BadTarget::Extras), "{address}");
    }
    assert_eq!(client.look("https://9.9.9.9/hook").await, Ok(()), "a public one is not asked by looking");
}

#[tokio::test]
async fn ab120_one_forbidden_address_among_many_is_enough() {
    let (port, asked) = says(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for mixed in [vec!["127.0.0.1", "10.0.0.1"], vec!["169.254.169.254", "127.0.0.1"], vec!["127.0.0.1", "::1"]] {
        let (resolve, _) = named(vec![mixed]);
        let client = Outbound::new(loopback(), &[]).unwrap().resolving(resolve);
        assert_eq!(post(&client, &format!("http://hooks.example.com:{port}/")).await, Err(Failed::Refused));
    }
    assert!(asked.lock().unwrap().is_empty(), "nobody was connected to");
}

#[tokio::test]
async fn ab120_the_connection_goes_to_the_address_that_was_judged() {
    let (port, asked) = says(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    // A second look would lead elsewhere; there is none.
    let (resolve, looks) = named(vec![vec!["127.0.0.1"], vec!["10.0.0.1"]]);
    let client = Outbound::new(loopback(), &[]).unwrap().resolving(resolve);
    let address = format!("http://hooks.example.com:{port}/in?a=b");
    assert_eq!(post(&client, &address).await.unwrap().status, 204);
    assert_eq!(looks.load(Ordering::SeqCst), 1);
    let request = asked.lock().unwrap()[0].clone();
    assert!(request.starts_with("POST /in?a=b HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: hooks.example.com:{port}\r\n")), "{request}");
    assert_eq!(post(&client, &address).await, Err(Failed::Refused), "and the changed answer is judged next time");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn ab120_a_redirect_is_an_answer_and_not_followed() {
    let (inner, reached) = says(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let answer =
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:{inner}/\r\ncontent-length: 0\r\n\r\n");
    let (port, _) = says(answer.leak().as_bytes()).await;
    let client = Outbound::new(loopback(), &[]).unwrap();
    assert_eq!(post(&client, &format!("http://127.0.0.1:{port}/")).await.unwrap().status, 307);
    assert!(reached.lock().unwrap().is_empty());
}

#[tokio::test]
async fn ab125_of_an_answer_only_the_status_and_its_wish_to_wait_is_given() {
    let (port, _) = says(b"HTTP/1.1 503 No\r\nretry-after: 120\r\ncontent-length: 6\r\n\r\nsecret").await;
    let client = Outbound::new(loopback(), &[]).unwrap();
    let reply = post(&client, &format!("http://127.0.0.1:{port}/")).await.unwrap();
    assert_eq!(reply, Reply { status: 503, retry_after: Some(120) });
    let (port, _) = says(b"SSH-2.0-OpenSSH_9.9\r\n").await;
    assert_eq!(post(&client, &format!("http://127.0.0.1:{port}/")).await, Err(Failed::Broken));
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert_eq!(post(&client, &format!("http://127.0.0.1:{closed}/")).await, Err(Failed::Unreachable));
}

/// An answer without an end is cut off at the limit.
#[tokio::test]
async fn ab125_a_huge_answer_is_not_read_to_its_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let endless = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        let chunk = [b"2000\r\n".as_slice(), &[b'x'; 0x2000], b"\r\n"].concat();
        while stream.write_all(&chunk).await.is_ok() {
            count.fetch_add(0x2000, Ordering::SeqCst);
        }
    });
    let client = Outbound::new(loopback(), &[]).unwrap();
    assert_eq!(post(&client, &format!("http://127.0.0.1:{port}/")).await.unwrap().status, 200);
    endless.await.unwrap();
    assert!(sent.load(Ordering::SeqCst) < 32 << 20, "the connection was closed");
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_left() {
    let (port, asked) = says(b"").await;
    let client = Outbound::new(loopback(), &[]).unwrap().within(Duration::from_millis(300));
    assert_eq!(post(&client, &format!("http://127.0.0.1:{port}/")).await, Err(Failed::TimedOut));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn over_tls_the_name_is_proven() {
    let made = rcgen::generate_simple_self_signed(vec!["hooks.example.com".into()]).unwrap();
    let chain = vec![made.cert.der().clone()];
    let key = tokio_rustls::rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.clone(), key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let (resolve, _) = named(vec![vec!["127.0.0.1"]]);
    let trusting = Outbound::new(loopback(), &chain).unwrap().resolving(Arc::clone(&resolve));
    assert_eq!(post(&trusting, &format!("https://hooks.example.com:{port}/")).await.unwrap().status, 200);
    assert_eq!(post(&trusting, &format!("https://other.example.com:{port}/")).await, Err(Failed::Tls));
    let plain = Outbound::new(loopback(), &[]).unwrap().resolving(resolve);
    assert_eq!(post(&plain, &format!("https://hooks.example.com:{port}/")).await, Err(Failed::Tls));
}
