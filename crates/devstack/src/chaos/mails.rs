//! Whether everybody with a new account was welcomed, and by one mail.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use sqlx::PgPool;
use uuid::Uuid;

use super::stack::BrokenStack;

/// An effect whose worker was killed comes back after two minutes.
const PATIENCE: Duration = Duration::from_secs(180);

/// One effect for each account, done, and one file in the mail folder for each of those. A mail may have been put there
/// more than once, if it was the same one.
pub(super) async fn all_are_welcomed_once(stack: &BrokenStack) -> anyhow::Result<Vec<String>> {
    let deadline = Instant::now() + PATIENCE;
    while is_at_work(&stack.owner).await? {
        if Instant::now() > deadline {
            return Ok(vec![format!("not everybody was welcomed within {} s", PATIENCE.as_secs())]);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut violations = Vec::new();
    let mut mails = mails_by_id(stack)?;
    let accounts: Vec<(Uuid, Option<Uuid>, Option<String>)> = sqlx::query_as(
        "select e.event_id, f.id, f.state from log.events e \
         left join work.effects f on f.event_id = e.event_id and f.policy = 'identity.welcome' where e.event_type = 'UserRegistered'",
    )
    .fetch_all(&stack.owner)
    .await?;
    for (event, effect, state) in &accounts {
        let files = effect.and_then(|id| mails.remove(&id.to_string())).unwrap_or(0);
        if files != 1 || state.as_deref() != Some("done") {
            violations
                .push(format!("the account of event {event} has {files} mails, its effect {effect:?} is {state:?}"));
        }
    }
    violations.extend(mails.keys().map(|name| format!("there is a mail {name} for nobody")));
    let again: i64 = sqlx::query_scalar("select coalesce(sum(fence - 1), 0)::bigint from work.effects")
        .fetch_one(&stack.owner)
        .await?;
    println!("          {} accounts were welcomed; {again} times a mail was taken up again", accounts.len());
    Ok(violations)
}

/// Whether a policy is behind, or something is left to be carried out.
async fn is_at_work(owner: &PgPool) -> anyhow::Result<bool> {
    let at_work = sqlx::query_scalar(
        "select exists (select from work.policies where position < (select coalesce(max(position), 0) from log.events)) \
             or exists (select from work.effects where state = 'pending')",
    );
    Ok(at_work.fetch_one(owner).await?)
}

/// How many files there are for each id of an effect.
fn mails_by_id(stack: &BrokenStack) -> anyhow::Result<BTreeMap<String, u32>> {
    let folder = stack.json.mail_folder.as_ref().context("the stack has no mail folder")?;
    let mut found = BTreeMap::new();
    for file in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let name = file?.file_name().to_string_lossy().into_owned();
        // What a killed worker has not finished has another name.
        let Some((_, id)) = name.strip_suffix(".eml").and_then(|name| name.split_once('-')) else { continue };
        *found.entry(id.to_owned()).or_default() += 1;
    }
    Ok(found)
}
