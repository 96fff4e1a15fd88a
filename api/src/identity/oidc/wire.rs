//! The way to a provider: a deadline for all of it, a bound on what is read, and no redirect followed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::Semaphore;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long a provider may take for one answer, connecting included.
const PATIENCE: Duration = Duration::from_secs(5);
const CONNECTING: Duration = Duration::from_secs(2);
/// Discovery documents, key sets and answers to a code are a few KiB.
const LARGEST: usize = 512 * 1024;
/// Requests to one provider at once. One that hangs is left alone by all who come after.
const AT_ONCE: usize = 16;

/// Why a provider gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("it did not answer within {} s", PATIENCE.as_secs())]
    Timeout,
    #[error("too many requests to it are under way")]
    Busy,
    #[error("it cannot be reached: {0}")]
    Connection(#[from] hyper_util::client::legacy::Error),
    #[error("its answer broke off, or is larger than {LARGEST} bytes")]
    Body,
    #[error("it redirects to somewhere else")]
    Redirect,
}

/// An answer that has come whole.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

/// Speaks to one provider. Clones share the connections and the bound.
#[derive(Clone)]
pub(super) struct Wire {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    at_once: Arc<Semaphore>,
}

impl Wire {
    /// Trusts the certificates that the system trusts, and Mozilla's.
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        // A private authority is where the system, or `SSL_CERT_FILE`, has it.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECTING));
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(2).build(connector);
        Ok(Self { client, at_once: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Asks, and reads the whole answer.
    pub(super) async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Answered, WireError> {
        let _place = self.at_once.try_acquire().map_err(|_| WireError::Busy)?;
        let asking = async {
            let (head, body) = self.client.request(request).await?.into_parts();
            if head.status.is_redirection() {
                return Err(WireError::Redirect);
            }
            let body = Limited::new(body, LARGEST).collect().await.map_err(|_| WireError::Body)?.to_bytes();
            Ok(Answered { status: head.status, body })
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap_or(Err(WireError::Timeout))
    }
}
