//! The only place that makes HTTP requests of its own: guarded, so that nobody who can name an address can have this
//! machine ask its neighbours (AB-119, AB-120).
//!
//! A name is resolved here, every address of the answer is judged, and the connection goes to one of those very
//! addresses: an answer that changes between the look and the connection changes nothing. No redirect is followed, no
//! proxy of the environment is used, and of what comes back only the status is given on (AB-125).

mod address;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use url::{Host, Url};

pub use address::{Network, is_public};

/// How long resolving may take, and connecting.
const CONNECT: Duration = Duration::from_secs(3);
/// How long all of a request may take.
const TOTAL: Duration = Duration::from_secs(15);
/// So much of an answer is read; none of it is kept.
const ANSWER_LIMIT: usize = 64 * 1024;
/// The longest address, in bytes.
const LONGEST: usize = 2000;

/// The addresses of a name.
pub type Addresses = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;
/// What knows the addresses of names.
pub type Resolve = Arc<dyn Fn(String) -> Addresses + Send + Sync>;

/// The guarded client.
pub struct Outbound {
    tls: TlsConnector,
    resolve: Resolve,
    allowed: Vec<Network>,
    total: Duration,
}

/// An address that could be asked, once what its name stands for was judged.
struct Target {
    url: Url,
    secure: bool,
    port: u16,
}

/// Why an address cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// It is no whole address of the web.
    #[error("An address is written whole, as https://app.example.com/hooks, with at most 2000 characters.")]
    NotAnAddress,
    /// It carries a user, a password or a fragment.
    #[error("An address has no user, no password and no fragment.")]
    Extras,
    /// It is not public, or not over https at its usual port.
    #[error("Only https on port 443 at a public address is asked; the operator can list networks beside.")]
    NotPublic,
}

/// Why a request came to nothing. All that is told of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// The address may not be asked.
    Refused,
    /// The name has no address.
    Unresolved,
    /// No connection was made.
    Unreachable,
    /// The other side is not who the name says, or does not speak TLS.
    Tls,
    /// There was no answer in time.
    TimedOut,
    /// The connection broke, or what came back is not HTTP.
    Broken,
}

impl Failed {
    /// Its stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Refused => "address-refused",
            Self::Unresolved => "name-unresolved",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::TimedOut => "timed-out",
            Self::Broken => "broken-answer",
        }
    }
}

/// What an answer says that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// The seconds that it asks to wait.
    pub retry_after: Option<u32>,
}

impl Outbound {
    /// A client that asks public addresses over https, and beside them what lies in these networks, there also over
    /// plain http and at any port. These certificates are trusted beside the public roots.
    ///
    /// # Errors
    /// There is no usable TLS, or a certificate is none.
    pub fn new(allowed: Vec<Network>, roots: &[CertificateDer<'_>]) -> Result<Self, tokio_rustls::rustls::Error> {
        let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in roots {
            trusted.add(root.clone().into_owned())?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let resolve: Resolve = Arc::new(|name| {
            Box::pin(async move {
                let found = tokio::net::lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            })
        });
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), resolve, allowed, total: TOTAL })
    }

    /// The same with other names.
    #[must_use]
    pub fn resolving(self, resolve: Resolve) -> Self {
        Self { resolve, ..self }
    }

    /// The same with less patience: all of a request may take so long.
    #[must_use]
    pub fn within(self, total: Duration) -> Self {
        Self { total, ..self }
    }

    /// Looks at an address without asking it: its form, and if its name has addresses now, each of them. One whose name
    /// has none now may be meant for later; it is judged again at each request.
    ///
    /// # Errors
    /// It may not be asked.
    pub async fn look(&self, address: &str) -> Result<(), BadTarget> {
        let target = Target::parse(address)?;
        match self.judged(&target).await {
            Err(Failed::Refused) => Err(BadTarget::NotPublic),
            _ => Ok(()),
        }
    }

    /// Posts JSON with these headers.
    ///
    /// # Errors
    /// There was no answer. An answer of any status is one.
    pub async fn post(&self, address: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Reply, Failed> {
        let target = Target::parse(address).map_err(|_| Failed::Refused)?;
        timeout(self.total, self.ask(&target, headers, body)).await.map_err(|_| Failed::TimedOut)?
    }

    async fn ask(&self, target: &Target, headers: HeaderMap, body: Vec<u8>) -> Result<Reply, Failed> {
        let addresses = self.judged(target).await?;
        let stream = timeout(CONNECT, connect(&addresses)).await.map_err(|_| Failed::Unreachable)??;
        let request = target.request(headers, body)?;
        if !target.secure {
            return exchange(stream, request).await;
        }
        let name = match target.url.host() {
            Some(Host::Ipv4(address)) => ServerName::from(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => ServerName::from(IpAddr::V6(address)),
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|_| Failed::Tls)?,
            None => return Err(Failed::Refused),
        };
        exchange(self.tls.connect(name, stream).await.map_err(|_| Failed::Tls)?, request).await
    }

    /// The addresses that a connection may go to: all that the name has, or none.
    async fn judged(&self, target: &Target) -> Result<Vec<SocketAddr>, Failed> {
        let addresses = match target.url.host() {
            Some(Host::Ipv4(address)) => vec![IpAddr::V4(address)],
            Some(Host::Ipv6(address)) => vec![IpAddr::V6(address)],
            Some(Host::Domain(name)) => {
                let found = timeout(CONNECT, (self.resolve)(name.to_owned())).await;
                found.map_err(|_| Failed::Unresolved)?.map_err(|_| Failed::Unresolved)?
            }
            None => return Err(Failed::Refused),
        };
        if addresses.is_empty() {
            return Err(Failed::Unresolved);
        }
        let usual = target.secure && target.port == 443;
        let may = |address: &IpAddr| {
            self.allowed.iter().any(|network| network.holds(*address)) || (usual && is_public(*address))
        };
        if !addresses.iter().all(may) {
            return Err(Failed::Refused);
        }
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, target.port)).collect())
    }
}

impl Target {
    fn parse(address: &str) -> Result<Self, BadTarget> {
        if address.len() > LONGEST || address.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(BadTarget::NotAnAddress);
        }
        let url = Url::parse(address).map_err(|_| BadTarget::NotAnAddress)?;
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(BadTarget::NotAnAddress),
        };
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(BadTarget::Extras);
        }
        let port = url.port_or_known_default().ok_or(BadTarget::NotAnAddress)?;
        Ok(Self { url, secure, port })
    }

    fn request(&self, headers: HeaderMap, body: Vec<u8>) -> Result<Request<Full<Bytes>>, Failed> {
        let host = self.url.host_str().ok_or(Failed::Refused)?;
        let host = self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&self.url[url::Position::BeforePath..])
            .header(HOST, host)
            .header(USER_AGENT, concat!("Bailiwick/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| Failed::Refused)?;
        request.headers_mut().extend(headers);
        Ok(request)
    }
}

/// A connection to the first address that takes one.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Failed> {
    for address in addresses {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Ok(stream);
        }
    }
    Err(Failed::Unreachable)
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Reply, Failed>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|_| Failed::Broken)?;
    // It ends with this call, whatever the other side does.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(request).await.map_err(|_| Failed::Broken)?;
    let reply = Reply {
        status: answer.status().as_u16(),
        retry_after: answer.headers().get(RETRY_AFTER).and_then(|seconds| seconds.to_str().ok()?.parse().ok()),
    };
    // Read, so that a receiver can finish what it says; how it ends, or that it was cut off, changes nothing.
    let _ = Limited::new(answer.into_body(), ANSWER_LIMIT).collect().await;
    Ok(reply)
}
