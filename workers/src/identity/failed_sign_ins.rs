//! Accounts whose password was tried in vain again and again.

use metrics::counter;
use tidemark_commands::Commands;
use tidemark_identity::UserCommand;

use super::by_claim::{self, Desk};

const DESK: Desk = Desk {
    name: "ReportFailedSignIns",
    command: |at| UserCommand::ReportFailedSignIns { at },
    due: "select request_id, tenant_id, claim, correlation_id, created_at from identity.failed_sign_ins \
          where due_at <= clock_timestamp() order by due_at limit $1",
    settle: "select identity.settle_failed_sign_ins($1)",
    put_off: "select identity.put_off_failed_sign_ins($1)",
    given_up: || counter!("tidemark_failed_sign_ins_given_up_total").increment(1),
};

/// Works off a page of what is due; says how many accounts were settled. What fails is put off, behind the others.
///
/// # Errors
/// When the database is away.
pub async fn step(commands: &Commands) -> sqlx::Result<usize> {
    by_claim::step(commands, &DESK).await
}
