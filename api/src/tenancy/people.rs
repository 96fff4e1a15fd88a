//! How many people a tenant may have: `quotas.users` of its settings.
//!
//! The database counts them ([`within_quota`] adds the question to the append that adds somebody), so the count is right however
//! many are added at once, by however many processes.

use tidemark_commands::Transaction;
use tidemark_engine::database::{ANSWER, in_time};
use tidemark_engine::log::RowChange;
use tidemark_kernel::Refusal;
use tidemark_tenancy::TenantRefusal;

use crate::App;
use crate::command::CommandContext;
use crate::problem::Problem;

/// `transaction`, which opens an account, refused where the tenant has as many people as it may. Whoever adds a person, by
/// whatever way, goes through here.
///
/// # Errors
/// With `QUOTA_EXCEEDED` where that can be told beforehand, so that nobody who knocks on a full house disturbs an append;
/// not where a key may remember an answer, which goes first.
pub async fn within_quota(
    app: &App,
    context: &CommandContext,
    transaction: Transaction,
) -> Result<Transaction, Problem> {
    if !context.has_key() {
        let asked = sqlx::query_scalar("select tenancy.has_room($1)").bind(context.tenant().as_str());
        let has_room: bool = in_time(ANSWER, asked.fetch_one(app.commands.pool())).await?;
        if !has_room {
            return Err(Problem::from(&TenantRefusal::TooManyPeople as &dyn Refusal));
        }
    }
    let change = RowChange { function: "tenancy.ensure_room", argument: String::new() };
    Ok(transaction.with_guard(change, || Box::new(TenantRefusal::TooManyPeople)))
}
