//! A TCP proxy before the database that a test can cut or make deaf.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) struct Proxy {
    port: u16,
    cut: watch::Sender<u64>,
    deaf: Arc<AtomicBool>,
    refusing: Arc<AtomicBool>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn before(options: &PgConnectOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = (options.get_host().to_owned(), options.get_port());
        let (cut, _) = watch::channel(0);
        let (deaf, refusing) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let accepting = tokio::spawn({
            let (cut, deaf, refusing) = (cut.clone(), Arc::clone(&deaf), Arc::clone(&refusing));
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    if refusing.load(Ordering::SeqCst) {
                        continue;
                    }
                    tokio::spawn(carry(client, server.clone(), cut.subscribe(), Arc::clone(&deaf)));
                }
            }
        });
        Self { port, cut, deaf, refusing, accepting }
    }

    /// The options by which to reach the database through this proxy.
    pub(crate) fn through(&self, options: &PgConnectOptions) -> PgConnectOptions {
        options.clone().host("127.0.0.1").port(self.port)
    }

    /// Closes every connection towards the client. The server is left to find out by itself: its side stays open.
    pub(crate) fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }

    /// From now on what the server says is swallowed.
    pub(crate) fn swallow_answers(&self, swallow: bool) {
        self.deaf.store(swallow, Ordering::SeqCst);
    }

    /// From now on new connections are closed at once.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.refusing.store(refuse, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(client: TcpStream, server: (String, u16), mut cut: watch::Receiver<u64>, deaf: Arc<AtomicBool>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let upstream = async {
        let mut buffer = [0; 16 * 1024];
        while let Ok(n @ 1..) = from_client.read(&mut buffer).await {
            if to_server.write_all(&buffer[..n]).await.is_err() {
                break;
            }
        }
    };
    let downstream = async {
        let mut buffer = [0; 16 * 1024];
        while let Ok(n @ 1..) = from_server.read(&mut buffer).await {
            if !deaf.load(Ordering::SeqCst) && to_client.write_all(&buffer[..n]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = async { tokio::join!(upstream, downstream); } => return,
        _ = cut.changed() => {}
    }
    drop((from_client, to_client));
    // The server's side stays open until the server closes it, as when a cable is pulled.
    let mut rest = [0; 1024];
    while let Ok(1..) = from_server.read(&mut rest).await {}
}
