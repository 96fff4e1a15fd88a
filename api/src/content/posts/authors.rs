//! Who is shown as the author in the answer of a command: the person as the write side knows them at the place in the log
//! where the command is recorded, however far the read models have come.

use tidemark_commands::{AnyRefusal, Transaction, known, shape};
use tidemark_content::Post;
use tidemark_engine::commands::Step;
use tidemark_identity::User;
use tidemark_kernel::{Caller, PostId, UserId};
use tidemark_projections::identity::users::DELETED_NAME;

use super::view::Author;
use crate::App;
use crate::command::{Accepted, CommandContext, Reply};
use crate::problem::Problem;

/// Whoever is the author of a post that `caller` may change: the caller; for an admin, anyone.
pub(super) async fn of_post(app: &App, caller: &Caller, post: PostId) -> Result<UserId, Problem> {
    if !caller.role.is_admin() {
        return Ok(caller.user);
    }
    let (post, _) = known::<Post>(&app.commands, &caller.tenant, post).await?;
    Ok(post.author)
}

/// Executes a command of one post by `author`, and answers with what `reply` makes of the post, its version and its author.
pub(super) async fn execute(
    context: &CommandContext,
    name: &str,
    step: Step<Post, AnyRefusal>,
    author: UserId,
    reply: impl Fn(&Post, i64, Author) -> Reply + Send + Sync,
) -> Result<Accepted, Problem> {
    let transaction = Transaction::default().with(step).with_look(author.to_string(), shape::<User>());
    context
        .transact(name, transaction, move |decided| match (decided.state::<Post>(0), decided.state::<User>(1)) {
            (Some((post, version)), Some((user, _))) => reply(post, version, shown(author, user)),
            _ => Reply::no_content(),
        })
        .await
}

/// As the read model shows the same person.
fn shown(id: UserId, user: &User) -> Author {
    if !user.is_open() {
        return Author { id: id.as_uuid(), name: Some(DELETED_NAME.to_owned()), avatar_url: None };
    }
    Author {
        id: id.as_uuid(),
        name: Some(user.name.as_str().to_owned()),
        avatar_url: user.avatar_url.as_ref().map(|url| url.as_str().to_owned()),
    }
}
