//! Every projection there is, in one place.

use std::future::Future;
use std::pin::Pin;

use sqlx::PgPool;
use tidemark_engine::feed::Feed;
use tidemark_engine::projection::{Definition, Projection, Runner};
use tokio_util::sync::CancellationToken;

use crate::content::posts::Posts;
use crate::identity::users::Users;
use crate::tenancy::tenants::Tenants;

/// What a worker needs to fold: where it writes, where it reads the log, and the feed.
#[derive(Clone)]
pub struct Sources {
    /// Connections as `tidemark_projection`.
    pub read: PgPool,
    /// Connections as `tidemark_log`.
    pub log: PgPool,
    /// This process's feed.
    pub feed: Feed,
}

/// Work that ends with its shutdown token.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One projection: what it owns, and how it is run.
pub struct Registered {
    /// What it owns in the database.
    pub definition: Definition,
    start: Box<dyn FnOnce(Sources, CancellationToken) -> Work + Send>,
}

impl Registered {
    fn of<P: Projection>(projection: P) -> Self {
        let start = |sources: Sources, shutdown| -> Work {
            Box::pin(Runner::new(projection, sources.read, sources.log, sources.feed).run(shutdown))
        };
        Self { definition: Definition::of::<P>(), start: Box::new(start) }
    }

    /// The work of its worker until `shutdown`.
    #[must_use]
    pub fn start(self, sources: Sources, shutdown: CancellationToken) -> Work {
        (self.start)(sources, shutdown)
    }
}

/// All projections.
#[must_use]
pub fn all() -> Vec<Registered> {
    vec![Registered::of(Tenants), Registered::of(Users), Registered::of(Posts)]
}

/// What all projections own.
#[must_use]
pub fn definitions() -> Vec<Definition> {
    all().into_iter().map(|registered| registered.definition).collect()
}
