//! People.

use serde_json::json;
use tidemark_kernel::{Role, UserId};
use tidemark_projections::identity::users::{self, UserFilter, UserSort};
use tidemark_projections::page::{Order, Page};

use crate::database::{Database, register, tenant};

const EVERYONE: UserFilter = UserFilter { search: None, role: None };

async fn names(database: &Database, filter: UserFilter, sort: UserSort, order: Order) -> Vec<String> {
    let page = Page::Numbered { page: 1, limit: 100 };
    let listing = users::list(&database.reads, &tenant("acme"), filter, sort, order, page).await.unwrap().value;
    assert_eq!(listing.total.unwrap().count, listing.rows.len() as i64);
    listing.rows.into_iter().map(|row| row.name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_listed_searched_and_sorted() {
    let database = Database::new().await;
    for (name, role) in
        [("Zoe Adams", "admin"), ("adam Berg", "member"), ("Cleo Zimt", "editor"), ("Bert Adam", "member")]
    {
        register(&database, "acme", name, role).await;
    }
    register(&database, "beta", "Adam Elsewhere", "admin").await;
    database.fold().await;
    assert_eq!(
        names(&database, EVERYONE, UserSort::Name, Order::Asc).await,
        ["adam Berg", "Bert Adam", "Cleo Zimt", "Zoe Adams"]
    );
    assert_eq!(
        names(&database, EVERYONE, UserSort::CreatedAt, Order::Desc).await,
        ["Bert Adam", "Cleo Zimt", "adam Berg", "Zoe Adams"]
    );
    let members = UserFilter { search: Some("ADAM".to_owned()), role: Some(Role::Member) };
    assert_eq!(names(&database, members, UserSort::Email, Order::Asc).await, ["adam Berg", "Bert Adam"]);
    let odd = UserFilter { search: Some("%_\\'".to_owned()), role: None };
    assert_eq!(names(&database, odd, UserSort::Email, Order::Asc).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_goes_on_where_the_one_before_ended() {
    let database = Database::new().await;
    for n in 0..7 {
        register(&database, "acme", ["Same", "Other"][n % 2], "member").await;
    }
    database.fold().await;
    for sort in [UserSort::Name, UserSort::Email, UserSort::CreatedAt] {
        for order in [Order::Asc, Order::Desc] {
            let (mut seen, mut place) = (Vec::new(), None);
            loop {
                let page = Page::After { place, limit: 3 };
                let listing =
                    users::list(&database.reads, &tenant("acme"), EVERYONE, sort, order, page).await.unwrap().value;
                assert_eq!(listing.total, None);
                seen.extend(listing.rows.into_iter().map(|row| row.user_id));
                place = listing.next;
                if place.is_none() {
                    break;
                }
            }
            let whole = users::list(
                &database.reads,
                &tenant("acme"),
                EVERYONE,
                sort,
                order,
                Page::Numbered { page: 1, limit: 100 },
            )
            .await
            .unwrap()
            .value;
            assert_eq!(seen, whole.rows.iter().map(|row| row.user_id).collect::<Vec<_>>());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_changes_and_its_version_is_that_of_its_stream() {
    let database = Database::new().await;
    let id = register(&database, "acme", "Ada", "member").await;
    database.record("acme", "user", id, "UserRenamed", json!({ "name": "Ada Lovelace" })).await;
    database.record("acme", "user", id, "UserAvatarChanged", json!({ "avatarUrl": "/media/1" })).await;
    database.record("acme", "user", id, "UserEmailChanged", json!({ "email": "ada@Example.org" })).await;
    database.record("acme", "user", id, "UserPasswordChanged", json!({})).await;
    let changed = database.record("acme", "user", id, "UserRoleChanged", json!({ "role": "editor" })).await;
    database.record("acme", "user", id, "UserSignedIn", json!({ "sessionId": id })).await;
    database.fold().await;
    let row = users::find(&database.reads, &tenant("acme"), UserId::new(id)).await.unwrap().value.unwrap();
    assert_eq!(
        (row.name.as_str(), row.email.as_deref(), row.avatar_url.as_deref(), row.role.as_str()),
        ("Ada Lovelace", Some("ada@Example.org"), Some("/media/1"), "editor")
    );
    assert_eq!((row.updated_at, row.version), (changed, 7));
    assert_eq!(users::find(&database.reads, &tenant("beta"), UserId::new(id)).await.unwrap().value, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_is_left_of_a_deleted_person() {
    let database = Database::new().await;
    let id = register(&database, "acme", "Zyxwvida", "member").await;
    database.record("acme", "user", id, "UserAvatarChanged", json!({ "avatarUrl": "/media/1" })).await;
    database.record("acme", "user", id, "UserDeleted", json!({})).await;
    database.fold().await;
    assert_eq!(users::find(&database.reads, &tenant("acme"), UserId::new(id)).await.unwrap().value, None);
    assert_eq!(names(&database, EVERYONE, UserSort::Name, Order::Asc).await, [""; 0]);
    let rows = database.everything().await.remove("identity_users").unwrap();
    assert!(
        rows.len() == 1
            && rows[0].contains("Deleted user")
            && !rows[0].to_lowercase().contains("zyxwvida")
            && !rows[0].contains("media"),
        "{rows:?}"
    );
}
