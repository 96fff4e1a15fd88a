//! A page of 20 posts that no cache has, beside the same transaction without HTTP.
//!
//! Both ask for pages from random places on, so that no two questions of a moment are the same: equal questions would
//! be answered by one query. Places are cursors; a page costs the same wherever it begins.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use serde_json::Value;
use tidemark_content::PostStatus;
use tidemark_engine::reads::Reads;
use tidemark_kernel::TenantId;
use tidemark_projections::content::posts::{self, PostFilter, PostSort};
use tidemark_projections::page::{Order, Page, Place};

use super::client::{Ask, Client, askers};
use super::{BENCH, CONNECTIONS, TENANT, UNIT};
use crate::BenchArgs;
use crate::database::Database;
use crate::figure::Figure;
use crate::load::{Caller, Contender, best_of, drive};
use crate::service::Target;

const LIMIT: u32 = 20;

pub(super) async fn run(args: &BenchArgs, database: &Database, target: &Target) -> anyhow::Result<Figure> {
    eprintln!("http: GET a page of posts, {CONNECTIONS} callers");
    let connections = target.settings().query_connections;
    let reads = super::reads(database, connections).await?;
    let places: Arc<[Place]> = places(&reads).await?.into();
    let api = super::ready(target.start_uncached_api().await?).await?;
    let address = api.greeting().to_owned();
    let token = &super::sign_in(&address).await?;
    let paths: Arc<[String]> = paths(&address, token).await?.into();
    let length = args.length();
    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("GET /posts", || over_http(&address, token, Arc::clone(&paths), length).boxed()),
            Contender::new("the same without HTTP", || directly(&reads, Arc::clone(&places), length).boxed()),
        ],
    )
    .await?;
    reads.pool().close().await;
    api.stop().await?;
    let case = "GET /posts, page of 20, not cached / the same transaction without HTTP";
    Ok(Figure::plain(BENCH, case, best[0], UNIT).beside(best[1]).at_least(0.6))
}

async fn over_http(address: &str, token: &Arc<str>, paths: Arc<[String]>, length: Duration) -> anyhow::Result<f64> {
    let ask = move || Ask::get(&paths[rand::random_range(0..paths.len())]);
    drive(&mut askers(address, Some(token), CONNECTIONS, ask).await?, length).await
}

async fn directly(reads: &Reads, places: Arc<[Place]>, length: Duration) -> anyhow::Result<f64> {
    let tenant: TenantId = TENANT.parse()?;
    let caller = || DirectCaller { reads: reads.clone(), tenant: tenant.clone(), places: Arc::clone(&places) };
    drive(&mut std::iter::repeat_with(caller).take(CONNECTIONS).collect(), length).await
}

struct DirectCaller {
    reads: Reads,
    tenant: TenantId,
    places: Arc<[Place]>,
}

impl Caller for DirectCaller {
    async fn call(&mut self) -> anyhow::Result<()> {
        let place = self.places[rand::random_range(0..self.places.len())].clone();
        page(&self.reads, &self.tenant, Some(place)).await?;
        Ok(())
    }
}

/// The page after a place, and the place after it.
async fn page(reads: &Reads, tenant: &TenantId, place: Option<Place>) -> anyhow::Result<Option<Place>> {
    let filter = PostFilter { status: Some(PostStatus::Published), ..PostFilter::default() };
    let page = Page::After { place, limit: LIMIT };
    let answer = posts::list(reads, tenant, filter, PostSort::CreatedAt, Order::Desc, page).await?;
    Ok(answer.value.next)
}

/// Where the pages of the list begin.
async fn places(reads: &Reads) -> anyhow::Result<Vec<Place>> {
    let tenant: TenantId = TENANT.parse()?;
    let mut places = Vec::new();
    let mut next = page(reads, &tenant, None).await?;
    while let Some(place) = next {
        next = page(reads, &tenant, Some(place.clone())).await?;
        places.push(place);
    }
    anyhow::ensure!(!places.is_empty(), "there are not enough posts for a second page");
    Ok(places)
}

/// The same pages by their addresses.
async fn paths(address: &str, token: &Arc<str>) -> anyhow::Result<Vec<String>> {
    let mut client = Client::connect(address, Some(Arc::clone(token))).await?;
    let mut paths = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/posts?status=published&limit={LIMIT}&cursor={cursor}");
        let page: Value = serde_json::from_slice(&client.expect(Ask::get(&path)).await?)?;
        if !cursor.is_empty() {
            paths.push(path);
        }
        match page["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return Ok(paths),
        }
    }
}
