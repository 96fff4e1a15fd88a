//! Destroys the keys and secrets of people within the append that records it.

use sqlx::PgConnection;

use super::append::Append;

/// Erases whom the accepted appends of a batch erase. The transaction is theirs: all of it happens or nothing.
pub(super) async fn erase_subjects(connection: &mut PgConnection, accepted: &[&Append]) -> sqlx::Result<()> {
    let erased =
        || accepted.iter().flat_map(|append| append.erasures.iter().map(|subject| (&*append.tenant, &**subject)));
    let (tenants, subjects): (Vec<&str>, Vec<&str>) = erased().unzip();
    if subjects.is_empty() {
        return Ok(());
    }
    // A rotation holds the rows of a whole tenant, and this the lock that every append waits for: better a 503 for one batch.
    sqlx::query("set local lock_timeout = '500ms'").execute(&mut *connection).await?;
    sqlx::query("select log.erase_subjects($1, $2)").bind(tenants).bind(subjects).execute(connection).await?;
    Ok(())
}
