//! Every projection there is, in one place.

use std::future::Future;
use std::pin::Pin;

use sqlx::PgPool;
use tidemark_engine::database::Databases;
use tidemark_engine::feed::Feed;
use tidemark_engine::personal::Keyring;
use tidemark_engine::projection::{
    Checkpoints, Definition, Outcome, Progress, Projection, Rebuild, RebuildError, RebuildRequest, Runner, drop_former,
    roll_back,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::content::posts::Posts;
use crate::identity::users::Users;
use crate::tenancy::service_tokens::ServiceTokens;
use crate::tenancy::settings::Settings;
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
    /// Where all projections of the process note what passes them by.
    pub checkpoints: Checkpoints,
    /// Opens personal data.
    pub keyring: Keyring,
}

/// Work that ends with its shutdown token.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Something that is done once and ends.
pub type Task<T> = Pin<Box<dyn Future<Output = Result<T, RebuildError>> + Send>>;

/// What a rebuild needs beside the projection.
pub struct Rebuilding {
    /// Connections of the owner.
    pub owner: Databases,
    /// What is asked for.
    pub request: RebuildRequest,
    /// Where it tells how far it is.
    pub progress: watch::Sender<Option<Progress>>,
    /// Ends it after the step in hand.
    pub shutdown: CancellationToken,
}

/// One projection: what it owns, how it is run, and how it is made anew.
pub struct Registered {
    /// What it owns in the database.
    pub definition: Definition,
    start: Box<dyn FnOnce(Sources, CancellationToken) -> Work + Send>,
    rebuild: fn(Rebuilding) -> Task<Outcome>,
    roll_back: fn(Databases) -> Task<i64>,
    drop_former: fn(Databases) -> Task<bool>,
}

impl Registered {
    fn of<P: Projection + Default>() -> Self {
        let projection = P::default();
        let start = |sources: Sources, shutdown| -> Work {
            let runner = Runner::new(projection, sources.read, sources.log, sources.feed);
            Box::pin(runner.with_checkpoints(sources.checkpoints).with_keyring(sources.keyring).run(shutdown))
        };
        Self {
            definition: Definition::of::<P>(),
            start: Box::new(start),
            rebuild: |asked| {
                let Rebuilding { owner, request, progress, shutdown } = asked;
                Box::pin(async move { Rebuild::run(P::default(), owner, request, &progress, shutdown).await })
            },
            roll_back: |owner| Box::pin(async move { roll_back::<P>(&owner).await }),
            drop_former: |owner| Box::pin(async move { drop_former::<P>(&owner).await }),
        }
    }

    /// The work of its worker until `shutdown`.
    #[must_use]
    pub fn start(self, sources: Sources, shutdown: CancellationToken) -> Work {
        (self.start)(sources, shutdown)
    }

    /// Makes it anew, or verifies it, as [`Rebuild::run`] does.
    #[must_use]
    pub fn rebuild(&self, asked: Rebuilding) -> Task<Outcome> {
        (self.rebuild)(asked)
    }

    /// Lets the tables serve again that did before the last swap; gives their position.
    #[must_use]
    pub fn roll_back(&self, owner: Databases) -> Task<i64> {
        (self.roll_back)(owner)
    }

    /// Drops the tables that served before the last swap; says whether there were any.
    #[must_use]
    pub fn drop_former(&self, owner: Databases) -> Task<bool> {
        (self.drop_former)(owner)
    }
}

/// All projections.
#[must_use]
pub fn all() -> Vec<Registered> {
    vec![
        Registered::of::<Tenants>(),
        Registered::of::<Settings>(),
        Registered::of::<ServiceTokens>(),
        Registered::of::<Users>(),
        Registered::of::<Posts>(),
    ]
}

/// What all projections own.
#[must_use]
pub fn definitions() -> Vec<Definition> {
    all().into_iter().map(|registered| registered.definition).collect()
}
