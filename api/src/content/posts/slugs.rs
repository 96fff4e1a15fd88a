//! The slug of a new post: that of its title, or the first of its numbers, `-2`, `-3`, that is free.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::time::Duration;

use sqlx::PgPool;
use tidemark_content::Slug;
use tidemark_engine::log;
use tidemark_kernel::TenantId;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::problem::Problem;

/// The scope of `tidemark_content`'s claims of slugs.
const SCOPE: &str = "post.slug";
/// As many slugs that begin alike are looked at to find a free number; beyond that, numbers are tried by doubling.
const LOOKED_AT: i64 = 2_000;
const LARGEST_NUMBER: u32 = 1_000_000;
/// How long a post may lose its slug to others before the caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(8);

/// Posts whose slug is taken take turns within a process, those of the same title among each other: so each goes right
/// behind the other, instead of all racing for the same number. Other processes are met by trying again.
static TURNS: [Mutex<()>; 64] = [const { Mutex::const_new(()) }; 64];

/// Lets `create` try slugs made from `wanted` until one is free.
pub(super) async fn with_a_free_slug<T, F>(
    log: &PgPool,
    tenant: &TenantId,
    wanted: &Slug,
    create: impl Fn(Slug) -> F,
) -> Result<T, Problem>
where
    F: Future<Output = Result<T, Problem>>,
{
    match create(wanted.clone()).await {
        Err(problem) if is_taken(&problem) => {}
        done => return done,
    }
    let give_up = Instant::now() + PATIENCE;
    let _turn = turn(tenant, wanted).lock().await;
    while Instant::now() < give_up {
        let free = first_free(log, tenant, wanted).await?;
        match create(free).await {
            Err(problem) if is_taken(&problem) => {}
            done => return done,
        }
    }
    Err(Problem::overloaded())
}

fn is_taken(problem: &Problem) -> bool {
    problem.code() == "SLUG_CONFLICT"
}

fn turn(tenant: &TenantId, slug: &Slug) -> &'static Mutex<()> {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((tenant, slug));
    &TURNS[hash as usize % TURNS.len()]
}

async fn first_free(log: &PgPool, tenant: &TenantId, wanted: &Slug) -> sqlx::Result<Slug> {
    // A long slug is cut to make room for its number; all of them begin as the shortest one does.
    let longest = wanted.numbered(LARGEST_NUMBER).to_string();
    let stem = longest.strip_suffix(&format!("-{LARGEST_NUMBER}")).unwrap_or(&longest);
    let taken = log::claimed_values(log, tenant.as_str(), SCOPE, stem, LOOKED_AT).await?;
    if (taken.len() as i64) < LOOKED_AT {
        let taken: std::collections::HashSet<&str> = taken.iter().map(String::as_str).collect();
        let free = (1..=LARGEST_NUMBER).map(|n| wanted.numbered(n)).find(|slug| !taken.contains(slug.as_str()));
        return Ok(free.unwrap_or_else(|| wanted.clone()));
    }
    free_by_doubling(log, tenant, wanted).await
}

/// A number that is free right behind one that is taken, in a few look-ups however many there are.
async fn free_by_doubling(log: &PgPool, tenant: &TenantId, wanted: &Slug) -> sqlx::Result<Slug> {
    let is_free = async |n: u32| {
        log::claim_holder(log, tenant.as_str(), SCOPE, wanted.numbered(n).as_str()).await.map(|holder| holder.is_none())
    };
    let (mut taken, mut free) = (1, 2);
    while free < LARGEST_NUMBER && !is_free(free).await? {
        (taken, free) = (free, free * 2);
    }
    while free - taken > 1 {
        let middle = taken + (free - taken) / 2;
        if is_free(middle).await? { free = middle } else { taken = middle }
    }
    Ok(wanted.numbered(free))
}
