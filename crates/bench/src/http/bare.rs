//! The yardstick of the edge: the API's server with two routes of its own and nothing around them, one that answers a constant and
//! one that executes the command that the API gives. No tokens, limits, log lines, metrics or caches.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tidemark_admin::Operator;
use tidemark_commands::{Commands, IdempotencyKey, Precondition, Transaction, scope, shape, step, transact};
use tidemark_content::{Category, NewPost, Post, PostCommand, PostContent, Publication, Slug, Tag, Tags, Title};
use tidemark_identity::User;
use tidemark_kernel::{Actor, FieldError, PostId, TenantId, Timestamp, UserId};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::TENANT;
use crate::child::{Child, Work, say, word};
use crate::service::Target;

/// What a process of its own needs to be such a server.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Bare {
    target: Target,
    /// Who writes the posts.
    author: Uuid,
    /// What the constant route answers.
    constant: String,
}

impl Bare {
    /// Starts it. It listens at its greeting: `GET /constant`, `POST /api/v1/posts`.
    pub(super) async fn start(target: &Target, author: Uuid, constant: String) -> anyhow::Result<Child> {
        Child::start(Work::Bare(Self { target: target.clone(), author, constant })).await
    }
}

/// Serves until the word is given.
pub(crate) async fn serve(bare: Bare) -> anyhow::Result<()> {
    let operator = Operator::open(&bare.target.settings()).await?;
    let constant = Bytes::from(bare.constant);
    let posts = Arc::new(Posts {
        commands: operator.commands().clone(),
        tenant: TENANT.parse()?,
        author: UserId::new(bare.author),
    });
    let router = Router::new()
        .route("/constant", get(move || async move { ([(CONTENT_TYPE, "application/json")], constant) }))
        .route("/api/v1/posts", post(create))
        .with_state(posts);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    say(&listener.local_addr()?.to_string())?;
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(tidemark_api::serve_bare(listener, router, shutdown.clone()));
    word().await?;
    shutdown.cancel();
    serving.await?;
    operator.close().await;
    Ok(())
}

struct Posts {
    commands: Commands,
    tenant: TenantId,
    author: UserId,
}

#[derive(Deserialize)]
struct Given {
    title: String,
    content: String,
    category: String,
    tags: Vec<String>,
}

async fn create(
    State(posts): State<Arc<Posts>>,
    headers: HeaderMap,
    Json(given): Json<Given>,
) -> Result<(StatusCode, [(http::HeaderName, &'static str); 1], Vec<u8>), (StatusCode, String)> {
    let bad = |error: FieldError| (StatusCode::BAD_REQUEST, error.message);
    let new = posts.read(&given).map_err(bad)?;
    let actor = Actor::User(posts.author);
    let mut scope = scope(&posts.tenant, &actor, &Uuid::now_v7().to_string(), "CreatePost");
    scope.key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .map(|key| IdempotencyKey::new(posts.tenant.as_str(), &actor.to_string(), key, [7; 32]));
    let transaction = Transaction::default()
        .with(step::<Post>(new.id, Precondition::New, PostCommand::Create(new)))
        .with_look(posts.author.to_string(), shape::<User>());
    let executed = transact(&posts.commands, &scope, transaction, |decided| {
        let (Some((post, version)), Some((author, _))) = (decided.state::<Post>(0), decided.state::<User>(1)) else {
            return Vec::new();
        };
        json!({
            "id": post.id.to_string(), "version": version, "title": post.title.as_str(), "slug": post.slug.as_str(),
            "content": post.content.as_str(), "author": { "id": posts.author.to_string(), "name": author.name.as_str() },
        })
        .to_string()
        .into_bytes()
    })
    .await
    .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok((StatusCode::CREATED, [(CONTENT_TYPE, "application/json")], executed.answer))
}

impl Posts {
    fn read(&self, given: &Given) -> Result<NewPost, FieldError> {
        let title = Title::parse(&given.title)?;
        let tags: Vec<Tag> = given.tags.iter().map(|tag| Tag::parse(tag)).collect::<Result<_, _>>()?;
        Ok(NewPost {
            id: PostId::new(Uuid::now_v7()),
            author: self.author,
            slug: Slug::from_title(&title),
            title,
            content: PostContent::parse(&given.content)?,
            category: Category::parse(&given.category)?,
            tags: Tags::of(tags)?,
            cover_image_id: None,
            publication: Publication::Now,
            at: Timestamp::new(chrono::Utc::now()),
        })
    }
}
