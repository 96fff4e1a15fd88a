//! Publishes posts when the time has come that they were scheduled for.
//!
//! Each schedule is a timer of its own, and none is ever taken back. When one has run down the post decides whether that is
//! still its time; a refusal is how a schedule ends that was given up.

use async_trait::async_trait;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use tidemark_commands::{Commands, Precondition, Transaction, carry_out, step};
use tidemark_content::{Post, PostCommand, PostEvent};
use tidemark_engine::effects::{Effect, Failed, Handler, Outcome, Room};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::policy::{Policy, Reaction, ReactionError};
use tidemark_kernel::{PostId, Timestamp};

const KIND: &str = "post.publish";

/// Wants each scheduled post to be published at its time.
#[derive(Debug, Clone, Copy)]
pub struct Publish;

impl Policy for Publish {
    fn name(&self) -> &'static str {
        "content.publish"
    }

    fn follows(&self) -> &'static [&'static str] {
        &["post"]
    }

    fn react(&self, event: &RecordedEvent) -> Result<Vec<Reaction>, ReactionError> {
        if &*event.event_type != "PostScheduled" {
            return Ok(Vec::new());
        }
        let PostEvent::PostScheduled { publish_at, .. } = event.decode()? else {
            return Err(ReactionError::new("the payload is of another event than its type says"));
        };
        let post_id = event.aggregate_id.parse().map_err(|_| ReactionError::new("the post's id is no post's id"))?;
        Ok(vec![Reaction::new(KIND, &Due { post_id, publish_at })?.at(publish_at.as_datetime())])
    }

    /// A post that was published where its tenant came from refuses to be so again.
    fn reacts_to_imported(&self) -> bool {
        true
    }

    /// A schedule does not wait for the one before it, which may be for a later time.
    fn ordering_key(&self, event: &RecordedEvent) -> String {
        event.event_id.to_string()
    }
}

/// What is due.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Due {
    post_id: PostId,
    publish_at: Timestamp,
}

/// Gives the command.
#[derive(Clone)]
pub struct PublishPost {
    /// The write side.
    pub commands: Commands,
}

#[async_trait]
impl Handler for PublishPost {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn room(&self) -> Room {
        Room::COMMANDS
    }

    async fn carry_out(&self, effect: &Effect) -> Result<Outcome, Failed> {
        let Due { post_id, publish_at } = effect.decode()?;
        // The timer went by the database's clock; by this one it may not be time yet.
        let at = Timestamp::new(Utc::now()).max(publish_at);
        let step = step::<Post>(post_id, Precondition::None, PostCommand::PublishAsScheduled { publish_at, at });
        carry_out(&self.commands, effect, "PublishScheduledPost", Transaction::default().with(step)).await
    }
}
