//! Who is shown as the author in the answer of a command. It has to be known before the command is executed, because the
//! answer is stored with it; so it comes from the read model, and from the cache as a rule.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use tidemark_engine::log;
use tidemark_engine::reads::Answer;
use tidemark_kernel::{Caller, PostId};
use tidemark_projections::content::posts::{self, PostRef, READS};
use tidemark_projections::identity::users;
use tokio::time::Instant;
use uuid::Uuid;

use super::super::USER;
use super::view::Author;
use crate::App;
use crate::cache::{Key, SeenBy, Tag};
use crate::problem::Problem;

/// How long an account or a post that was made a moment ago may take to be known.
const PATIENCE: Duration = Duration::from_secs(2);

/// The caller, as the author of something.
pub(super) async fn caller(app: &App, caller: &Caller) -> Result<Option<Author>, Problem> {
    let key = key(caller, "an author", caller.user.as_uuid());
    remembered(app, key, || async {
        let answer = users::find(&app.reads, &caller.tenant, caller.user).await?;
        Ok(answer
            .map(|found| found.map(|row| Author { id: row.user_id, name: Some(row.name), avatar_url: row.avatar_url })))
    })
    .await
}

/// Whoever can turn out to be the author of a post that `caller` may change: the caller; for an admin, anyone.
pub(super) async fn of_post(app: &App, by: &Caller, post: PostId) -> Result<Vec<Author>, Problem> {
    if !by.role.is_admin() {
        return Ok(caller(app, by).await?.into_iter().collect());
    }
    let key = key(by, "a post's author", post.as_uuid());
    let author = remembered(app, key, || async {
        let answer = posts::find(&app.reads, &by.tenant, PostRef::Id(post)).await?;
        Ok(answer.map(|found| found.map(|page| page.summary.into())))
    })
    .await?;
    Ok(author.into_iter().collect())
}

fn key(caller: &Caller, route: &'static str, id: Uuid) -> Key {
    Key { tenant: caller.tenant.clone(), route, params: id.to_string().into(), seen_by: SeenBy::Public }
}

/// What `find` finds, at once or when the read models have come to where the tenant's log is now. Nobody is shown this
/// as it is, so it has no entity tag.
async fn remembered<F>(app: &App, key: Key, find: impl Fn() -> F) -> Result<Option<Author>, Problem>
where
    F: Future<Output = sqlx::Result<Answer<Option<Author>>>>,
{
    let entry = match app.cache.find(&key, None) {
        Some(entry) => entry,
        None => {
            let mut answer = find().await?;
            if answer.value.is_none() {
                let head = log::tenant_head(app.commands.pool(), key.tenant.as_str()).await?;
                app.reads.wait_until(key.tenant.as_str(), READS, head, Instant::now() + PATIENCE).await?;
                answer = find().await?;
            }
            let Some(author) = answer.value else { return Ok(None) };
            let body = serde_json::to_vec(&author).map_err(Problem::internal)?;
            let nothing = HeaderValue::from_static("");
            app.cache
                .keep(
                    &key,
                    answer.tenant_position,
                    &[Tag::one(USER, author.id)],
                    Bytes::from(body),
                    nothing.clone(),
                    nothing,
                )
                .await
        }
    };
    serde_json::from_slice(&entry.body).map(Some).map_err(Problem::internal)
}
