//! TLS to the server: rustls, with the public roots and one's own.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::StoreError;
use crate::tables::db::Out;

/// What connections are wrapped in, where server and URL agree on TLS. A certificate is always verified.
pub(super) fn connector(roots: Option<&Path>) -> Out<MakeRustlsConnect> {
    let mut store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = roots {
        let broken = |why: &dyn std::fmt::Display| StoreError::Database(format!("{}: {why}", file.display()));
        let mut found = 0;
        for certificate in CertificateDer::pem_file_iter(file).map_err(|e| broken(&e))? {
            store.add(certificate.map_err(|e| broken(&e))?).map_err(|e| broken(&e))?;
            found += 1;
        }
        if found == 0 {
            return Err(broken(&"no certificate in it"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| StoreError::Database(e.to_string()))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
