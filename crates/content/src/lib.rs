//! What a tenant publishes: posts.
//!
//! Invariants: this crate performs no I/O and decides only from an aggregate's own events. A post's slug never changes
//! and is never given to another post of the tenant, an archived post's included.

mod category;
mod post;
mod slug;
mod tag;
mod text;

pub use category::{Category, DEFAULT_CATEGORIES};
pub use post::{NewPost, Post, PostChanges, PostCommand, PostEvent, PostRefusal, PostStatus, Publication};
pub use slug::{Slug, SlugError};
pub use tag::{Tag, Tags};
pub use text::{PostContent, Title};
