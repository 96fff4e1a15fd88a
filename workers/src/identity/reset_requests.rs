//! Requests for a mail by which a forgotten password can be set anew.

use metrics::counter;
use tidemark_commands::Commands;
use tidemark_identity::UserCommand;

use super::by_claim::{self, Desk};

const DESK: Desk = Desk {
    name: "RequestPasswordReset",
    command: |at| UserCommand::RequestPasswordReset { at },
    due: "select request_id, tenant_id, claim, correlation_id, created_at from identity.reset_requests \
          where due_at <= clock_timestamp() order by due_at limit $1",
    settle: "select identity.settle_reset_request($1)",
    put_off: "select identity.put_off_reset_request($1)",
    given_up: || counter!("tidemark_reset_requests_given_up_total").increment(1),
};

/// Works off a page of what is due; says how many requests were settled. What fails is put off, behind the others.
///
/// # Errors
/// When the database is away.
pub async fn step(commands: &Commands) -> sqlx::Result<usize> {
    by_claim::step(commands, &DESK).await
}
