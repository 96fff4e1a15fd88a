//! Changes the rows beside the log that an append has to do with, within the append.

use sqlx::PgConnection;

use super::append::{Append, RowChange};

/// Whether any of the appends changes such rows.
pub(super) fn are_changed(appends: &[&Append]) -> bool {
    appends.iter().any(|append| !append.row_changes.is_empty())
}

/// Makes the changes of all appends in order, with one statement for neighbours that call the same function. The
/// transaction is that of the appends: all of it happens or nothing.
pub(super) async fn change(connection: &mut PgConnection, appends: &[&Append]) -> sqlx::Result<()> {
    let changes: Vec<(&str, &RowChange)> =
        appends.iter().flat_map(|append| append.row_changes.iter().map(|change| (&*append.tenant, change))).collect();
    for neighbours in changes.chunk_by(|(_, one), (_, next)| one.function == next.function) {
        let Some((_, RowChange { function, .. })) = neighbours.first() else { continue };
        let (tenants, arguments): (Vec<&str>, Vec<&str>) =
            neighbours.iter().map(|(tenant, change)| (*tenant, &*change.argument)).unzip();
        let call = format!(
            "select {function}(c.tenant, c.argument) from unnest($1::text[], $2::text[]) with ordinality as c(tenant, argument, n) order by c.n"
        );
        sqlx::query(&call).bind(tenants).bind(arguments).execute(&mut *connection).await?;
    }
    Ok(())
}
