//! A post is a text that an author writes, publishes, takes back and archives.
//!
//! Its author and the tenant's admins may change it. Its slug is made once, from the first title, and stays its own even when it
//! is archived. `published_at` is the moment of the present publication: a post that is taken back has none, and has a new one
//! when it is published again. A draft may be scheduled; whoever minds the time asks for it to be published then, and the post
//! decides whether that is still what its author wants.

use std::time::Duration;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};
use tidemark_kernel::{
    Caller, ClaimChange, Kind, PostId, Refusal, Root, Timestamp, UserId, absent_or_null, domain_event,
};
use uuid::Uuid;

use crate::{Category, PostContent, Slug, Tags, Title};

const SLUG: &str = "post.slug";
/// How far in the past a moment may lie that a post is scheduled for: clocks differ, and requests take their time.
const SLACK: Duration = Duration::from_secs(60);

/// One post, as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The post's id.
    pub id: PostId,
    /// Who wrote it.
    pub author: UserId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its title.
    pub title: Title,
    /// Its text.
    pub content: PostContent,
    /// What it is filed under.
    pub category: Category,
    /// The words it is found by.
    pub tags: Tags,
    /// The upload that is its cover.
    pub cover_image_id: Option<Uuid>,
    /// Who gets to see it.
    pub status: PostStatus,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was published; `None` for a draft.
    pub published_at: Option<Timestamp>,
    /// When it is to be published by itself; only a draft has it.
    pub publish_at: Option<Timestamp>,
    exists: bool,
}

/// Who gets to see a post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostStatus {
    /// Editors only.
    #[default]
    Draft,
    /// Anyone.
    Published,
    /// Put away: editors find it in lists, nobody reads it.
    Archived,
}

impl PostStatus {
    /// All of them, in the order documents list them.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Published, Self::Archived];

    /// The status in rows and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }

    /// Reads what [`PostStatus::as_str`] wrote.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// What may be asked of a post. Whoever may write at all may create one, which the edge knows from the role.
#[derive(Debug, Clone)]
pub enum PostCommand {
    /// Writes a new one.
    Create(NewPost),
    /// Changes its words.
    Edit {
        /// Who asks.
        by: Caller,
        /// What is new.
        changes: PostChanges,
        /// When.
        at: Timestamp,
    },
    /// Shows it to anyone.
    Publish {
        /// Who asks.
        by: Caller,
        /// When.
        at: Timestamp,
    },
    /// Shows it to anyone, because the time has come that it was scheduled for.
    PublishAsScheduled {
        /// That time. A post that is scheduled for another one by now, or for none, stays as it is.
        publish_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Makes it a draft again.
    Unpublish {
        /// Who asks.
        by: Caller,
        /// When.
        at: Timestamp,
    },
    /// Puts it away.
    Archive {
        /// Who asks.
        by: Caller,
        /// When.
        at: Timestamp,
    },
}

/// A post to be created.
#[derive(Debug, Clone)]
pub struct NewPost {
    /// Its id.
    pub id: PostId,
    /// Who writes it.
    pub author: UserId,
    /// Its name in addresses; the append refuses one that is taken.
    pub slug: Slug,
    /// Its title.
    pub title: Title,
    /// Its text.
    pub content: PostContent,
    /// What it is filed under, one of the tenant's categories.
    pub category: Category,
    /// The words it is found by.
    pub tags: Tags,
    /// The upload that is its cover.
    pub cover_image_id: Option<Uuid>,
    /// Whether it is published, and when.
    pub publication: Publication,
    /// When.
    pub at: Timestamp,
}

/// When a new post is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Publication {
    /// When somebody asks for it.
    #[default]
    Later,
    /// At once.
    Now,
    /// By itself, at this time.
    At(Timestamp),
}

/// The changed fields of a post: `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostChanges {
    /// A new title; the slug stays.
    pub title: Option<Title>,
    /// A new text.
    pub content: Option<PostContent>,
    /// Another category.
    pub category: Option<Category>,
    /// Other tags.
    pub tags: Option<Tags>,
    /// Another cover, or `Some(None)` for none.
    pub cover_image_id: Option<Option<Uuid>>,
    /// When it is to be published by itself, or `Some(None)` for never.
    pub publish_at: Option<Option<Timestamp>>,
}

/// What happened to a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the fields are the words of the commands")]
pub enum PostEvent {
    /// It was written, as a draft.
    PostCreated {
        id: PostId,
        author_id: UserId,
        slug: Slug,
        title: Title,
        content: PostContent,
        category: Category,
        tags: Tags,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cover_image_id: Option<Uuid>,
        at: Timestamp,
    },
    /// Its words changed: an absent field did not, a cover of `null` was taken away.
    PostEdited {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<Title>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<PostContent>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Category>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tags: Option<Tags>,
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "absent_or_null")]
        cover_image_id: Option<Option<Uuid>>,
        at: Timestamp,
    },
    /// Anyone may read it.
    PostPublished { at: Timestamp },
    /// It is a draft again.
    PostUnpublished { at: Timestamp },
    /// It is to be published by itself at `publish_at`, and at no other time that was said before.
    PostScheduled { publish_at: Timestamp, at: Timestamp },
    /// It is not to be published by itself any more.
    PostUnscheduled { at: Timestamp },
    /// It was put away.
    PostArchived { at: Timestamp },
}

domain_event!(PostEvent {
    PostCreated,
    PostEdited,
    PostPublished,
    PostUnpublished,
    PostScheduled,
    PostUnscheduled,
    PostArchived
});

/// How a post says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostRefusal {
    /// The id is in use.
    #[error("a post with this id exists already")]
    AlreadyExists,
    /// There is no such post, or it is archived.
    #[error("there is no such post")]
    NotFound,
    /// The caller is neither its author nor an admin.
    #[error("only its author or an admin may change this post")]
    NotYours,
    /// Another post of the tenant has this slug.
    #[error("another post has this slug")]
    SlugTaken,
    /// Only a draft can be scheduled.
    #[error("the post is published already")]
    AlreadyPublished,
    /// The time to publish it lies in the past.
    #[error("the time to publish it has passed already")]
    TimePassed,
    /// It is scheduled for another time by now, or for none.
    #[error("the post is not scheduled for that time any more")]
    NotScheduled,
}

impl Refusal for PostRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::AlreadyExists | Self::SlugTaken | Self::AlreadyPublished | Self::TimePassed | Self::NotScheduled => {
                Kind::Conflict
            }
            Self::NotFound => Kind::NotFound,
            Self::NotYours => Kind::Forbidden,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyExists => "POST_EXISTS",
            Self::NotFound => "NOT_FOUND",
            Self::NotYours => "FORBIDDEN",
            Self::SlugTaken => "SLUG_CONFLICT",
            Self::AlreadyPublished => "POST_PUBLISHED",
            Self::TimePassed => "PUBLISH_AT_PASSED",
            Self::NotScheduled => "NOT_SCHEDULED",
        }
    }
}

type Decision = Result<Vec<PostEvent>, PostRefusal>;

impl Post {
    fn create(&self, new: NewPost) -> Decision {
        if self.exists {
            return Err(PostRefusal::AlreadyExists);
        }
        let NewPost { id, author, slug, title, content, category, tags, cover_image_id, publication, at } = new;
        let created =
            PostEvent::PostCreated { id, author_id: author, slug, title, content, category, tags, cover_image_id, at };
        Ok(match publication {
            Publication::Later => vec![created],
            Publication::Now => vec![created, PostEvent::PostPublished { at }],
            Publication::At(publish_at) => vec![created, scheduled(publish_at, at)?],
        })
    }

    fn edit(&self, by: &Caller, changes: PostChanges, at: Timestamp) -> Decision {
        self.ensure_changeable(by)?;
        let changes = self.real(changes);
        let rescheduled = changes.publish_at.map(|publish_at| self.reschedule(publish_at, at)).transpose()?;
        let words = PostChanges { publish_at: None, ..changes };
        let edited = (words != PostChanges::default()).then(|| {
            let PostChanges { title, content, category, tags, cover_image_id, publish_at: _ } = words;
            PostEvent::PostEdited { title, content, category, tags, cover_image_id, at }
        });
        Ok(edited.into_iter().chain(rescheduled).collect())
    }

    fn reschedule(&self, publish_at: Option<Timestamp>, at: Timestamp) -> Result<PostEvent, PostRefusal> {
        let Some(publish_at) = publish_at else { return Ok(PostEvent::PostUnscheduled { at }) };
        if self.status == PostStatus::Published {
            return Err(PostRefusal::AlreadyPublished);
        }
        scheduled(publish_at, at)
    }

    fn publish(&self, by: &Caller, at: Timestamp) -> Decision {
        self.ensure_changeable(by)?;
        Ok(unless(self.status == PostStatus::Published, PostEvent::PostPublished { at }))
    }

    /// The time may have come for a plan that was given up since: an archived post has none either.
    fn publish_as_scheduled(&self, publish_at: Timestamp, at: Timestamp) -> Decision {
        if self.publish_at != Some(publish_at) {
            return Err(PostRefusal::NotScheduled);
        }
        Ok(vec![PostEvent::PostPublished { at }])
    }

    fn unpublish(&self, by: &Caller, at: Timestamp) -> Decision {
        self.ensure_changeable(by)?;
        Ok(unless(self.status == PostStatus::Draft, PostEvent::PostUnpublished { at }))
    }

    /// Archiving twice is no mistake, unlike any other command on an archived post.
    fn archive(&self, by: &Caller, at: Timestamp) -> Decision {
        if self.status == PostStatus::Archived && self.may_be_changed_by(by) {
            return Ok(Vec::new());
        }
        self.ensure_changeable(by)?;
        Ok(vec![PostEvent::PostArchived { at }])
    }

    /// The changes that differ from what is.
    fn real(&self, changes: PostChanges) -> PostChanges {
        PostChanges {
            title: changes.title.filter(|title| *title != self.title),
            content: changes.content.filter(|content| *content != self.content),
            category: changes.category.filter(|category| *category != self.category),
            tags: changes.tags.filter(|tags| *tags != self.tags),
            cover_image_id: changes.cover_image_id.filter(|cover| *cover != self.cover_image_id),
            publish_at: changes.publish_at.filter(|publish_at| *publish_at != self.publish_at),
        }
    }

    fn ensure_changeable(&self, by: &Caller) -> Result<(), PostRefusal> {
        if !self.exists || self.status == PostStatus::Archived {
            return Err(PostRefusal::NotFound);
        }
        if self.may_be_changed_by(by) { Ok(()) } else { Err(PostRefusal::NotYours) }
    }

    fn may_be_changed_by(&self, by: &Caller) -> bool {
        by.role.is_admin() || by.user == self.author
    }
}

fn scheduled(publish_at: Timestamp, at: Timestamp) -> Result<PostEvent, PostRefusal> {
    if publish_at.as_datetime() < at.as_datetime() - SLACK {
        return Err(PostRefusal::TimePassed);
    }
    Ok(PostEvent::PostScheduled { publish_at, at })
}

fn unless(already: bool, event: PostEvent) -> Vec<PostEvent> {
    if already { Vec::new() } else { vec![event] }
}

impl Aggregate for Post {
    const TYPE: &'static str = "post";
    type Command = PostCommand;
    type Event = PostEvent;
    type Error = PostRefusal;
    type Services = ();

    async fn handle(&mut self, command: PostCommand, (): &(), events: &EventSink<Self>) -> Result<(), PostRefusal> {
        let decided = match command {
            PostCommand::Create(new) => self.create(new),
            PostCommand::Edit { by, changes, at } => self.edit(&by, changes, at),
            PostCommand::Publish { by, at } => self.publish(&by, at),
            PostCommand::PublishAsScheduled { publish_at, at } => self.publish_as_scheduled(publish_at, at),
            PostCommand::Unpublish { by, at } => self.unpublish(&by, at),
            PostCommand::Archive { by, at } => self.archive(&by, at),
        }?;
        for event in decided {
            events.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: PostEvent) {
        match event {
            PostEvent::PostCreated { id, author_id, slug, title, content, category, tags, cover_image_id, at } => {
                *self = Self {
                    id,
                    author: author_id,
                    slug,
                    title,
                    content,
                    category,
                    tags,
                    cover_image_id,
                    status: PostStatus::Draft,
                    created_at: at,
                    updated_at: at,
                    published_at: None,
                    publish_at: None,
                    exists: true,
                };
            }
            PostEvent::PostEdited { title, content, category, tags, cover_image_id, at } => {
                assign(&mut self.title, title);
                assign(&mut self.content, content);
                assign(&mut self.category, category);
                assign(&mut self.tags, tags);
                assign(&mut self.cover_image_id, cover_image_id);
                self.updated_at = at;
            }
            PostEvent::PostPublished { at } => {
                self.status = PostStatus::Published;
                self.published_at = Some(at);
                self.publish_at = None;
                self.updated_at = at;
            }
            PostEvent::PostUnpublished { at } => {
                self.status = PostStatus::Draft;
                self.published_at = None;
                self.updated_at = at;
            }
            PostEvent::PostScheduled { publish_at, at } => {
                self.publish_at = Some(publish_at);
                self.updated_at = at;
            }
            PostEvent::PostUnscheduled { at } => {
                self.publish_at = None;
                self.updated_at = at;
            }
            PostEvent::PostArchived { at } => {
                self.status = PostStatus::Archived;
                self.publish_at = None;
                self.updated_at = at;
            }
        }
    }
}

fn assign<T>(field: &mut T, changed: Option<T>) {
    if let Some(value) = changed {
        *field = value;
    }
}

impl Root for Post {
    const SHAPE: u32 = 1;

    fn claims(&self, event: &PostEvent) -> Vec<ClaimChange> {
        match event {
            PostEvent::PostCreated { slug, .. } => vec![ClaimChange::Take { scope: SLUG, value: slug.to_string() }],
            // An archived post keeps its slug: an old address never leads to another post.
            PostEvent::PostEdited { .. }
            | PostEvent::PostPublished { .. }
            | PostEvent::PostUnpublished { .. }
            | PostEvent::PostScheduled { .. }
            | PostEvent::PostUnscheduled { .. }
            | PostEvent::PostArchived { .. } => Vec::new(),
        }
    }

    /// No event names anybody, but what a command is answered with shows the author.
    fn subject(&self) -> Option<String> {
        Some(self.author.to_string())
    }

    fn claim_refused(_scope: &str) -> PostRefusal {
        PostRefusal::SlugTaken
    }
}

#[cfg(test)]
mod tests;
