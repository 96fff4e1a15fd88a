//! The rules of a post, told as stories.

use chrono::{TimeZone, Utc};
use tidemark_kernel::Role;
use tidemark_kernel::testing::{Given, assert_golden, assert_shape, given};

use super::*;
use crate::{DEFAULT_CATEGORIES, Tag};

fn minute(minute: u32) -> Timestamp {
    Timestamp::new(Utc.with_ymd_and_hms(2026, 1, 31, 12, minute, 0).single().expect("a time"))
}

fn caller(user: u128, role: Role) -> Caller {
    Caller { tenant: "demo".parse().expect("a key"), user: UserId::new(Uuid::from_u128(user)), role }
}

fn author() -> Caller {
    caller(1, Role::Editor)
}

fn another_editor() -> Caller {
    caller(2, Role::Editor)
}

fn admin() -> Caller {
    caller(3, Role::Admin)
}

fn title(text: &str) -> Title {
    Title::parse(text).expect("a title")
}

fn content(text: &str) -> PostContent {
    PostContent::parse(text).expect("a text")
}

fn category(text: &str) -> Category {
    Category::choose(text, &DEFAULT_CATEGORIES).expect("a category")
}

fn tags(texts: &[&str]) -> Tags {
    Tags::of(texts.iter().map(|text| Tag::parse(text).expect("a tag"))).expect("tags")
}

fn hello() -> NewPost {
    NewPost {
        id: PostId::new(Uuid::from_u128(9)),
        author: author().user,
        slug: Slug::from_title(&title("Hello")),
        title: title("Hello"),
        content: content("Text."),
        category: category("tech"),
        tags: tags(&["rust"]),
        cover_image_id: None,
        publication: Publication::Later,
        at: minute(0),
    }
}

fn created() -> PostEvent {
    let NewPost { id, author, slug, title, content, category, tags, cover_image_id, at, .. } = hello();
    PostEvent::PostCreated { id, author_id: author, slug, title, content, category, tags, cover_image_id, at }
}

fn published() -> PostEvent {
    PostEvent::PostPublished { at: minute(1) }
}

fn unpublished() -> PostEvent {
    PostEvent::PostUnpublished { at: minute(2) }
}

fn scheduled_for(minutes: u32) -> PostEvent {
    PostEvent::PostScheduled { publish_at: minute(minutes), at: minute(1) }
}

fn unscheduled() -> PostEvent {
    PostEvent::PostUnscheduled { at: minute(2) }
}

fn archived() -> PostEvent {
    PostEvent::PostArchived { at: minute(3) }
}

fn edit(by: Caller, changes: PostChanges) -> PostCommand {
    PostCommand::Edit { by, changes, at: minute(5) }
}

fn publish(by: Caller) -> PostCommand {
    PostCommand::Publish { by, at: minute(5) }
}

fn unpublish(by: Caller) -> PostCommand {
    PostCommand::Unpublish { by, at: minute(5) }
}

fn archive(by: Caller) -> PostCommand {
    PostCommand::Archive { by, at: minute(5) }
}

fn publish_as_scheduled(minutes: u32) -> PostCommand {
    PostCommand::PublishAsScheduled { publish_at: minute(minutes), at: minute(minutes + 1) }
}

fn scheduling(publish_at: Option<Timestamp>) -> PostChanges {
    PostChanges { publish_at: Some(publish_at), ..PostChanges::default() }
}

fn retitled() -> PostChanges {
    PostChanges { title: Some(title("New")), ..PostChanges::default() }
}

fn edited(changes: PostChanges) -> PostEvent {
    let PostChanges { title, content, category, tags, cover_image_id, publish_at: _ } = changes;
    PostEvent::PostEdited { title, content, category, tags, cover_image_id, at: minute(5) }
}

fn a_draft() -> Given<Post> {
    given([created()])
}

fn a_scheduled_draft() -> Given<Post> {
    given([created(), scheduled_for(30)])
}

fn a_published_post() -> Given<Post> {
    given([created(), published()])
}

fn an_archived_post() -> Given<Post> {
    given([created(), published(), archived()])
}

#[test]
fn a_post_begins_as_a_draft() {
    let post = given::<Post>([]).when(PostCommand::Create(hello())).then([created()]);
    assert_eq!((post.status, post.published_at), (PostStatus::Draft, None));
    assert_eq!((post.id, post.author, post.slug.as_str()), (hello().id, author().user, "hello"));
    assert_eq!((post.title, post.content, post.category), (title("Hello"), content("Text."), category("tech")));
    assert_eq!((post.tags, post.cover_image_id), (tags(&["rust"]), None));
    assert_eq!((post.created_at, post.updated_at), (minute(0), minute(0)));
}

#[test]
fn a_post_made_as_published_is_created_and_then_published() {
    let post = given::<Post>([])
        .when(PostCommand::Create(NewPost { publication: Publication::Now, ..hello() }))
        .then([created(), PostEvent::PostPublished { at: minute(0) }]);
    assert_eq!((post.status, post.published_at), (PostStatus::Published, Some(minute(0))));
}

#[test]
fn an_id_is_used_once() {
    a_draft().when(PostCommand::Create(hello())).refused(PostRefusal::AlreadyExists);
    an_archived_post().when(PostCommand::Create(hello())).refused(PostRefusal::AlreadyExists);
}

#[test]
fn an_edit_holds_only_what_changed() {
    let cover = Uuid::from_u128(4);
    let asked = PostChanges {
        title: Some(title("Hello")),
        content: Some(content("New text.")),
        category: Some(category("business")),
        tags: Some(tags(&["rust", "web"])),
        cover_image_id: Some(Some(cover)),
        publish_at: None,
    };
    let post = a_draft().when(edit(author(), asked.clone())).then([edited(PostChanges { title: None, ..asked })]);
    assert_eq!((post.title, post.content, post.category), (title("Hello"), content("New text."), category("business")));
    assert_eq!((post.tags, post.cover_image_id), (tags(&["rust", "web"]), Some(cover)));
    assert_eq!((post.created_at, post.updated_at), (minute(0), minute(5)));
}

#[test]
fn the_slug_stays_when_the_title_changes() {
    let post = a_published_post().when(edit(author(), retitled())).then([edited(retitled())]);
    assert_eq!((post.slug.as_str(), post.title), ("hello", title("New")));
}

#[test]
fn a_cover_can_be_taken_away() {
    let with_cover = PostChanges { cover_image_id: Some(Some(Uuid::from_u128(4))), ..PostChanges::default() };
    let without = PostChanges { cover_image_id: Some(None), ..PostChanges::default() };
    let post =
        given::<Post>([created(), edited(with_cover)]).when(edit(author(), without.clone())).then([edited(without)]);
    assert_eq!(post.cover_image_id, None);
}

#[test]
fn editing_to_what_is_already_so_is_no_event() {
    let same = PostChanges {
        title: Some(title("Hello")),
        content: Some(content("Text.")),
        category: Some(category("tech")),
        tags: Some(tags(&["rust"])),
        cover_image_id: Some(None),
        publish_at: Some(None),
    };
    for changes in [same, PostChanges::default()] {
        a_draft().when(edit(author(), changes)).then_nothing();
    }
}

#[test]
fn a_draft_is_published() {
    let post = a_draft().when(publish(author())).then([PostEvent::PostPublished { at: minute(5) }]);
    assert_eq!((post.status, post.published_at, post.updated_at), (PostStatus::Published, Some(minute(5)), minute(5)));
}

#[test]
fn publishing_twice_is_no_event() {
    a_published_post().when(publish(author())).then_nothing();
}

#[test]
fn a_post_that_is_taken_back_is_a_draft_without_a_publication() {
    let post = a_published_post().when(unpublish(author())).then([PostEvent::PostUnpublished { at: minute(5) }]);
    assert_eq!((post.status, post.published_at), (PostStatus::Draft, None));
}

#[test]
fn a_post_that_is_published_again_has_a_new_publication() {
    let post = given::<Post>([created(), published(), unpublished()])
        .when(publish(author()))
        .then([PostEvent::PostPublished { at: minute(5) }]);
    assert_eq!(post.published_at, Some(minute(5)));
}

#[test]
fn taking_back_a_draft_is_no_event() {
    a_draft().when(unpublish(author())).then_nothing();
}

#[test]
fn a_post_is_archived_and_keeps_its_publication() {
    let post = a_published_post().when(archive(author())).then([PostEvent::PostArchived { at: minute(5) }]);
    assert_eq!((post.status, post.published_at), (PostStatus::Archived, Some(minute(1))));
}

#[test]
fn archiving_twice_is_no_event() {
    an_archived_post().when(archive(author())).then_nothing();
    an_archived_post().when(archive(admin())).then_nothing();
}

#[test]
fn an_archived_post_is_not_found() {
    for command in [edit(author(), retitled()), publish(admin()), unpublish(author()), archive(another_editor())] {
        an_archived_post().when(command).refused(PostRefusal::NotFound);
    }
}

#[test]
fn a_post_that_was_never_written_is_not_found() {
    for command in [edit(admin(), retitled()), publish(admin()), unpublish(admin()), archive(admin())] {
        given::<Post>([]).when(command).refused(PostRefusal::NotFound);
    }
}

#[test]
fn a_post_made_with_a_time_is_created_and_scheduled() {
    let new = NewPost { publication: Publication::At(minute(30)), ..hello() };
    let post = given::<Post>([])
        .when(PostCommand::Create(new))
        .then([created(), PostEvent::PostScheduled { publish_at: minute(30), at: minute(0) }]);
    assert_eq!((post.status, post.publish_at, post.published_at), (PostStatus::Draft, Some(minute(30)), None));
}

#[test]
fn a_draft_is_scheduled_and_edited_in_one() {
    let changes = PostChanges { title: Some(title("New")), ..scheduling(Some(minute(40))) };
    let rescheduled = PostEvent::PostScheduled { publish_at: minute(40), at: minute(5) };
    let post = a_scheduled_draft().when(edit(author(), changes)).then([edited(retitled()), rescheduled]);
    assert_eq!((post.publish_at, post.updated_at), (Some(minute(40)), minute(5)));
}

#[test]
fn scheduling_for_the_same_time_is_no_event() {
    a_scheduled_draft().when(edit(author(), scheduling(Some(minute(30))))).then_nothing();
}

#[test]
fn a_schedule_is_taken_away() {
    let post =
        a_scheduled_draft().when(edit(author(), scheduling(None))).then([PostEvent::PostUnscheduled { at: minute(5) }]);
    assert_eq!(post.publish_at, None);
}

#[test]
fn a_published_post_is_not_scheduled() {
    a_published_post().when(edit(author(), scheduling(Some(minute(30))))).refused(PostRefusal::AlreadyPublished);
    a_published_post().when(edit(author(), scheduling(None))).then_nothing();
}

#[test]
fn no_post_is_scheduled_for_the_past_but_for_what_clocks_differ() {
    let past = NewPost { publication: Publication::At(minute(1)), at: minute(3), ..hello() };
    given::<Post>([]).when(PostCommand::Create(past)).refused(PostRefusal::TimePassed);
    a_draft().when(edit(author(), scheduling(Some(minute(3))))).refused(PostRefusal::TimePassed);
    let just_now = PostEvent::PostScheduled { publish_at: minute(4), at: minute(5) };
    a_draft().when(edit(author(), scheduling(Some(minute(4))))).then([just_now]);
}

#[test]
fn a_scheduled_post_is_published_when_its_time_has_come() {
    let post = a_scheduled_draft().when(publish_as_scheduled(30)).then([PostEvent::PostPublished { at: minute(31) }]);
    assert_eq!((post.status, post.published_at, post.publish_at), (PostStatus::Published, Some(minute(31)), None));
}

#[test]
fn a_time_that_the_post_is_not_scheduled_for_any_more_publishes_nothing() {
    let given_up: [Given<Post>; 6] = [
        given([created(), scheduled_for(30), scheduled_for(40)]),
        given([created(), scheduled_for(30), unscheduled()]),
        given([created(), scheduled_for(30), published()]),
        given([created(), scheduled_for(30), published(), unpublished()]),
        given([created(), scheduled_for(30), archived()]),
        given([]),
    ];
    for post in given_up {
        post.when(publish_as_scheduled(30)).refused(PostRefusal::NotScheduled);
    }
}

#[test]
fn a_scheduled_post_may_be_published_before_its_time() {
    let post = a_scheduled_draft().when(publish(author())).then([PostEvent::PostPublished { at: minute(5) }]);
    assert_eq!(post.publish_at, None);
}

#[test]
fn another_editor_may_not_change_a_post() {
    for command in [
        edit(another_editor(), retitled()),
        edit(another_editor(), scheduling(Some(minute(30)))),
        publish(another_editor()),
        unpublish(another_editor()),
        archive(another_editor()),
    ] {
        a_published_post().when(command).refused(PostRefusal::NotYours);
    }
}

#[test]
fn an_admin_may_change_any_post() {
    a_draft().when(edit(admin(), retitled())).then([edited(retitled())]);
    a_draft().when(publish(admin())).then([PostEvent::PostPublished { at: minute(5) }]);
    a_published_post().when(unpublish(admin())).then([PostEvent::PostUnpublished { at: minute(5) }]);
    a_draft().when(archive(admin())).then([PostEvent::PostArchived { at: minute(5) }]);
}

#[test]
fn an_author_who_is_no_editor_any_more_still_has_their_own_posts() {
    a_draft().when(publish(caller(1, Role::Member))).then([PostEvent::PostPublished { at: minute(5) }]);
}

#[test]
fn a_slug_belongs_to_one_post() {
    let taken = ClaimChange::Take { scope: "post.slug", value: "hello".to_owned() };
    assert_eq!(given::<Post>([]).claims(&created()), [taken]);
    assert_eq!(Post::claim_refused("post.slug"), PostRefusal::SlugTaken);
    assert_eq!(PostRefusal::SlugTaken.code(), "SLUG_CONFLICT");
}

#[test]
fn a_post_keeps_its_slug_whatever_becomes_of_it() {
    for event in [edited(retitled()), published(), unpublished(), scheduled_for(30), unscheduled(), archived()] {
        assert_eq!(a_published_post().claims(&event), [], "{event:?}");
    }
}

#[test]
fn a_status_is_read_as_it_was_written() {
    for status in [PostStatus::Draft, PostStatus::Published, PostStatus::Archived] {
        assert_eq!(PostStatus::parse(status.as_str()), Some(status));
    }
    assert_eq!(PostStatus::parse("gone"), None);
}

#[test]
fn every_event_ever_published_is_still_read() {
    assert_golden::<PostEvent>(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"));
}

#[test]
fn another_shape_of_its_states_is_a_new_version() {
    assert_shape::<Post>(env!("CARGO_MANIFEST_DIR"), [created()]);
}
