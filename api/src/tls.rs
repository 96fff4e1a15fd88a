//! TLS by this process itself, where the settings name a certificate.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tidemark_runtime::Settings;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

/// What a client and we agree on to speak HTTP/2.
const HTTP2: &[u8] = b"h2";

/// TLS as the settings have it; nothing where they name no certificate.
///
/// # Errors
/// When the files cannot be read or do not belong together.
pub(crate) fn acceptor(settings: &Settings) -> anyhow::Result<Option<TlsAcceptor>> {
    let (Some(certificate), Some(key)) = (&settings.tls_certificate_file, &settings.tls_key_file) else {
        return Ok(None);
    };
    let chain = chain(certificate).context("tls_certificate_file")?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| format!("tls_key_file: {}", key.display()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("tls_certificate_file and tls_key_file do not belong together")?;
    config.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// Whether this protocol of ALPN is HTTP/2.
pub(crate) fn is_http2(protocol: Option<&[u8]>) -> bool {
    protocol == Some(HTTP2)
}

/// The certificate, and those that lead from it to one that clients know.
fn chain(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let told = || format!("cannot read certificates from {}", file.display());
    let chain =
        CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>).with_context(told)?;
    anyhow::ensure!(!chain.is_empty(), "{} holds no certificate", file.display());
    Ok(chain)
}
