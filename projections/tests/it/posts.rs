//! Posts and their tags.

use serde_json::json;
use sqlx::Executor;
use sqlx::postgres::PgPoolOptions;
use tidemark_content::PostStatus;
use tidemark_engine::reads::Reads;
use tidemark_kernel::{PostId, UserId};
use tidemark_projections::content::posts::{self, PostFilter, PostRef, PostSort, PostSummary};
use tidemark_projections::content::tags;
use tidemark_projections::page::{Listing, Order, Page, Total};
use uuid::Uuid;

use crate::database::{Database, draft, published, register, tenant};

const FIRST: Page = Page::Numbered { page: 1, limit: 100 };

async fn list(
    database: &Database,
    filter: PostFilter,
    sort: PostSort,
    order: Order,
    page: Page,
) -> Listing<PostSummary> {
    posts::list(&database.reads, &tenant("acme"), filter, sort, order, page).await.unwrap().value
}

async fn titles(database: &Database, filter: PostFilter) -> Vec<String> {
    let listing = list(database, filter, PostSort::CreatedAt, Order::Desc, FIRST).await;
    assert_eq!(listing.total, Some(Total { count: listing.rows.len() as i64, is_at_least: false }));
    listing.rows.into_iter().map(|row| row.title).collect()
}

async fn summary(database: &Database, id: Uuid) -> PostSummary {
    let found = posts::find(&database.reads, &tenant("acme"), PostRef::Id(PostId::new(id))).await.unwrap();
    found.value.unwrap().summary
}

fn everything() -> PostFilter {
    PostFilter::default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_found_by_id_and_slug_with_its_author() {
    let database = Database::new().await;
    let ada = register(&database, "acme", "Ada", "editor").await;
    let id = published(&database, "acme", ada, "Hello World", "tech", &["Rust", "Web"]).await;
    database
        .record(
            "acme",
            "post",
            id,
            "PostEdited",
            json!({ "content": "New text.", "coverImageId": ada, "tags": ["Rust"] }),
        )
        .await;
    database.fold().await;
    for asked in [id.to_string(), "hello-world".to_owned()] {
        let found = posts::find(&database.reads, &tenant("acme"), PostRef::parse(&asked).unwrap()).await.unwrap();
        let post = found.value.unwrap();
        assert_eq!(
            (post.content.as_str(), post.summary.excerpt.as_str(), post.summary.tags.as_slice()),
            ("New text.", "New text.", &["Rust".to_owned()][..])
        );
        assert_eq!(
            (
                post.summary.author_name.as_deref(),
                post.summary.cover_image_id,
                post.summary.version,
                found.tenant_position
            ),
            (Some("Ada"), Some(ada), 3, 4)
        );
        assert_eq!((post.summary.status.as_str(), post.summary.published_at.is_some()), ("published", true));
    }
    let elsewhere =
        posts::find(&database.reads, &tenant("beta"), PostRef::parse(&id.to_string()).unwrap()).await.unwrap();
    assert_eq!(elsewhere.value, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_shows_until_it_is_taken_away_or_the_post_is_no_draft_any_more() {
    let database = Database::new().await;
    let ada = register(&database, "acme", "Ada", "editor").await;
    let at = "2026-02-01T08:00:00Z";
    for (ends_with, status) in
        [("PostUnscheduled", "draft"), ("PostPublished", "published"), ("PostArchived", "archived")]
    {
        let id = draft(&database, "acme", ada, ends_with, "tech", &["Rust"]).await;
        database.record("acme", "post", id, "PostScheduled", json!({ "publishAt": at })).await;
        database.fold().await;
        let scheduled = summary(&database, id).await;
        assert_eq!((scheduled.status.as_str(), scheduled.publish_at), ("draft", Some(at.parse().unwrap())));

        database.record("acme", "post", id, ends_with, json!({})).await;
        database.fold().await;
        let ended = summary(&database, id).await;
        assert_eq!((ended.status.as_str(), ended.publish_at), (status, None));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_filtered_and_their_totals_are_kept() {
    let database = Database::new().await;
    let (ada, bob) =
        (register(&database, "acme", "Ada", "editor").await, register(&database, "acme", "Bob", "editor").await);
    published(&database, "acme", ada, "One", "tech", &["Rust"]).await;
    published(&database, "acme", bob, "Two", "business", &["rust", "Money"]).await;
    let three = published(&database, "acme", ada, "Three", "business", &["Money"]).await;
    let four = draft(&database, "acme", ada, "Four", "tech", &[]).await;
    published(&database, "beta", ada, "Elsewhere", "tech", &["Rust"]).await;
    database.fold().await;
    let is_published = PostFilter { status: Some(PostStatus::Published), ..everything() };
    assert_eq!(titles(&database, everything()).await, ["Four", "Three", "Two", "One"]);
    assert_eq!(titles(&database, is_published.clone()).await, ["Three", "Two", "One"]);
    assert_eq!(
        titles(&database, PostFilter { category: Some("business".into()), ..is_published.clone() }).await,
        ["Three", "Two"]
    );
    assert_eq!(
        titles(&database, PostFilter { author: Some(UserId::new(ada)), ..everything() }).await,
        ["Four", "Three", "One"]
    );
    assert_eq!(
        titles(&database, PostFilter { tag: Some("RUST".into()), ..is_published.clone() }).await,
        ["Two", "One"]
    );
    let narrow = PostFilter {
        tag: Some("money".into()),
        category: Some("business".into()),
        author: Some(UserId::new(ada)),
        ..is_published.clone()
    };
    assert_eq!(titles(&database, narrow).await, ["Three"]);

    database.record("acme", "post", three, "PostArchived", json!({})).await;
    database
        .record(
            "acme",
            "post",
            four,
            "PostEdited",
            json!({ "category": "lifestyle", "tags": ["Rust"], "title": "Five" }),
        )
        .await;
    database.record("acme", "post", four, "PostPublished", json!({})).await;
    database.fold().await;
    assert_eq!(titles(&database, PostFilter { status: Some(PostStatus::Archived), ..everything() }).await, ["Three"]);
    assert_eq!(
        titles(&database, PostFilter { tag: Some("rust".into()), ..is_published.clone() }).await,
        ["Five", "Two", "One"]
    );
    assert_eq!(titles(&database, PostFilter { category: Some("tech".into()), ..is_published.clone() }).await, ["One"]);

    let page = Page::After { place: None, limit: 1 };
    let first = tags::list(&database.reads, &tenant("acme"), None, page).await.unwrap().value;
    assert_eq!((first.rows[0].name.as_str(), first.rows[0].count), ("Money", 1));
    let second = tags::list(&database.reads, &tenant("acme"), None, Page::After { place: first.next, limit: 1 })
        .await
        .unwrap()
        .value;
    assert_eq!((second.rows[0].name.as_str(), second.rows[0].count, second.next), ("Rust", 3, None));
    let found = tags::list(&database.reads, &tenant("acme"), Some("RU".into()), FIRST).await.unwrap().value;
    assert_eq!((found.rows.len(), found.total), (1, Some(Total { count: 1, is_at_least: false })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_walks_the_whole_list_in_every_order() {
    let database = Database::new().await;
    let ada = register(&database, "acme", "Ada", "editor").await;
    for n in 0..9 {
        let title = ["b same", "A first", "b same"][n % 3];
        match n % 4 {
            0 => drop(draft(&database, "acme", ada, &format!("{title} {}", n / 3), "tech", &["t"]).await),
            _ => drop(published(&database, "acme", ada, title, "tech", &["t"]).await),
        }
        sqlx::query("update log.events set payload = jsonb_set(payload::jsonb, '{slug}', to_jsonb(event_id::text))::json where event_type = 'PostCreated'").execute(&database.owner).await.unwrap();
    }
    database.fold().await;
    let filters = [
        everything(),
        PostFilter { tag: Some("t".into()), ..everything() },
        PostFilter { status: Some(PostStatus::Published), ..everything() },
    ];
    for filter in filters {
        for sort in [PostSort::CreatedAt, PostSort::PublishedAt, PostSort::Title] {
            for order in [Order::Asc, Order::Desc] {
                let whole: Vec<Uuid> = list(&database, filter.clone(), sort, order, FIRST)
                    .await
                    .rows
                    .iter()
                    .map(|row| row.post_id)
                    .collect();
                let (mut seen, mut place, mut pages) = (Vec::new(), None, Vec::new());
                loop {
                    let listing = list(&database, filter.clone(), sort, order, Page::After { place, limit: 2 }).await;
                    seen.extend(listing.rows.iter().map(|row| row.post_id));
                    place = listing.next;
                    if place.is_none() {
                        break;
                    }
                }
                for page in 1..=5 {
                    pages.extend(
                        list(&database, filter.clone(), sort, order, Page::Numbered { page, limit: 2 })
                            .await
                            .rows
                            .iter()
                            .map(|row| row.post_id),
                    );
                }
                assert_eq!((&seen, &pages), (&whole, &whole), "{sort:?} {order:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_events_give_the_same_rows_from_any_checkpoint_and_in_any_batches() {
    let database = Database::new().await;
    let ada = register(&database, "acme", "Ada", "editor").await;
    for n in 0..12 {
        let id = published(
            &database,
            "acme",
            ada,
            &format!("Post {n}"),
            ["tech", "business"][n % 2],
            &["Rust", "Web"][..n % 3],
        )
        .await;
        match n % 4 {
            0 => database.record("acme", "post", id, "PostUnpublished", json!({})).await,
            1 => database.record("acme", "post", id, "PostEdited", json!({ "title": "New", "tags": ["Other"] })).await,
            2 => database.record("acme", "post", id, "PostArchived", json!({})).await,
            _ => database.record("acme", "user", ada, "UserRenamed", json!({ "name": format!("Ada {n}") })).await,
        };
        if n % 5 == 0 {
            database.fold().await;
        }
    }
    database.fold().await;
    let once = database.everything().await;
    assert!(once.values().filter(|rows| !rows.is_empty()).count() >= 6);
    for position in [0, 7, 30] {
        database.rewind(position).await;
        database.fold().await;
        assert_eq!(database.everything().await, once, "again from {position}");
    }
    database.forget().await;
    database.fold().await;
    assert_eq!(database.everything().await, once, "anew in one batch");
}

/// Fills the read model as a fold of `posts` events would, for plans and times.
pub(crate) async fn fill(database: &Database, posts: i64) {
    database.owner.execute(format!(
        "insert into read.identity_users select t, md5(t || 'u' || n)::uuid, 'u' || n || '@example.com', 'User ' || n, null, 'editor', now(), now(), false, 1, true, false, 'u' || n || '@example.com', 'user ' || n \
         from unnest(array['acme', 'beta', 'gamma', 'delta']) t, generate_series(0, 49) n; \
         insert into read.content_posts select t, md5(t || n)::uuid, 'post-' || n, 'Post ' || n, repeat('excerpt ', 25), (array['tech', 'lifestyle', 'business'])[n % 3 + 1], '[\"rust\", \"web\"]', \
             case when n % 10 = 0 then 'draft' else 'published' end, md5(t || 'u' || n % 50)::uuid, null, timestamptz '2024-01-01' + n * interval '1 minute', now(), timestamptz '2024-01-02' + n * interval '1 minute', null, 2, \
             timestamptz '2024-01-02' + n * interval '1 minute', 'post ' || n \
         from unnest(array['acme', 'beta', 'gamma', 'delta']) t, generate_series(1, {posts}) n; \
         insert into read.content_post_texts select tenant_id, post_id, repeat('text ', 400) from read.content_posts; \
         insert into read.content_post_tags select tenant_id, tag, post_id, status, created_at, published_order, title_order from read.content_posts, unnest(array['rust', 'web']) tag; \
         insert into read.content_post_counts select tenant_id, 'all', '', status, count(*) from read.content_posts group by 1, 4; \
         insert into read.progress select t, p, 1 from unnest(array['acme', 'beta', 'gamma', 'delta']) t, unnest(array['content.posts', 'identity.users']) p; \
         analyze read.content_posts; analyze read.content_post_tags; analyze read.identity_users; analyze read.progress"
    ).as_str()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_costs_the_same_at_any_depth() {
    let database = Database::new().await;
    fill(&database, 10_000).await;
    let is_published = PostFilter { status: Some(PostStatus::Published), ..everything() };
    let filters = [
        is_published.clone(),
        everything(),
        PostFilter { category: Some("tech".into()), ..is_published.clone() },
        PostFilter { tag: Some("rust".into()), ..is_published.clone() },
    ];
    let options = database.connect_as("tidemark_query").connect_options().as_ref().clone();
    let reads = Reads::new(PgPoolOptions::new().max_connections(1).connect_lazy_with(options));
    for filter in filters {
        for sort in [PostSort::CreatedAt, PostSort::PublishedAt, PostSort::Title] {
            let deep = posts::list(
                &reads,
                &tenant("acme"),
                filter.clone(),
                sort,
                Order::Desc,
                Page::Numbered { page: 29, limit: 100 },
            )
            .await
            .unwrap()
            .value
            .next;
            assert!(deep.is_some());
            for place in [None, deep] {
                let before = rows_touched(&reads).await;
                for _ in 0..12 {
                    let page = Page::After { place: place.clone(), limit: 20 };
                    assert_eq!(
                        posts::list(&reads, &tenant("acme"), filter.clone(), sort, Order::Desc, page)
                            .await
                            .unwrap()
                            .value
                            .rows
                            .len(),
                        20
                    );
                }
                let touched = (rows_touched(&reads).await - before) / 12;
                assert!(touched <= 400, "{filter:?} {sort:?} {}: {touched} rows touched a page", place.is_some());
            }
        }
    }
}

/// Rows that scans of posts have given so far. The one session that reads tells its counts first.
async fn rows_touched(reads: &Reads) -> i64 {
    sqlx::query("select pg_stat_force_next_flush()").execute(reads.pool()).await.unwrap();
    sqlx::query_scalar(
        "select (coalesce(sum(seq_tup_read), 0) + coalesce(sum(idx_tup_fetch), 0))::bigint \
         + (select coalesce(sum(idx_tup_read), 0)::bigint from pg_stat_user_indexes where relname like 'content_post%') \
         from pg_stat_user_tables where relname like 'content_post%'",
    )
    .fetch_one(reads.pool())
    .await
    .unwrap()
}
