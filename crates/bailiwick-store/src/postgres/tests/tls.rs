//! TLS to the server: its certificate is verified.

use bailiwick_testkit::Server;

use super::key;
use crate::postgres::{Options, Postgres};
use crate::suite::{TENANT, Team};

fn issued(name: &str) -> (rcgen::Certificate, rcgen::KeyPair, String) {
    let pair = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let root = params.self_signed(&pair).unwrap();
    let pem = root.pem();
    (root, pair, pem)
}

#[tokio::test]
async fn a_server_is_believed_by_its_certificate_alone() {
    if !Server::is_installed() {
        return bailiwick_testkit::left_out("a_server_is_believed_by_its_certificate_alone");
    }
    let (_, root_key, root) = issued("a root");
    let (_, _, other) = issued("another root");
    let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "a root");
    let issuer = rcgen::Issuer::new(params, root_key);
    let server_key = rcgen::KeyPair::generate().unwrap();
    let named = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = named.signed_by(&server_key, &issuer).unwrap();

    let mut server = Server::start(&bailiwick_testkit::Options::default()).unwrap();
    server.append("server.crt", &certificate.pem()).unwrap();
    server.append("server.key", &server_key.serialize_pem()).unwrap();
    let folder = server.folder().display().to_string();
    let settings = format!("ssl = on\nssl_cert_file = '{folder}/server.crt'\nssl_key_file = '{folder}/server.key'\n");
    server.append("data/postgresql.auto.conf", &settings).unwrap();
    server.restart().unwrap();
    server.create_database("tls").unwrap();

    let file = |name: &str, pem: &str| {
        let path = std::env::temp_dir().join(format!("bailiwick-test-{:032x}-{name}.pem", crate::suite::fresh()));
        std::fs::write(&path, pem).unwrap();
        Some(path)
    };
    let (right, wrong) = (file("right", &root), file("wrong", &other));
    let with = |roots: &Option<std::path::PathBuf>| Options { roots: roots.clone(), ..Options::default() };
    let url = |host: &str, role: &str| format!("postgresql://{role}@{host}:{}/tls?sslmode=require", server.port());
    Postgres::migrate(&url("localhost", "bailiwick_owner"), "bailiwick", &with(&right)).await.unwrap();
    let store = Postgres::open(&url("localhost", "bailiwick"), key(), &with(&right)).await.unwrap();
    Team::new(&store, TENANT, None).await;
    let sessions = "select count(*) > 0 and bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid)
        where usename = 'bailiwick'";
    assert_eq!(server.psql("tls", sessions).unwrap(), "t");
    // Another root, none of one's own, another name.
    for (host, roots) in [("localhost", &wrong), ("localhost", &None), ("127.0.0.1", &right)] {
        let refused = Postgres::open(&url(host, "bailiwick"), key(), &with(roots)).await.map(drop);
        assert!(refused.as_ref().is_err_and(|why| why.to_string().contains("certificate")), "{host}: {refused:?}");
    }
    for path in [right, wrong].into_iter().flatten() {
        std::fs::remove_file(path).unwrap();
    }
}
