//! Accounts as admins run them, and as a person sees its own.

use std::borrow::Cow;

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use http::HeaderMap;
use http::request::Parts;
use serde::Serialize;
use tidemark_commands::{Precondition, Transaction, step};
use tidemark_engine::log;
use tidemark_engine::projection::Projection;
use tidemark_engine::reads::{Answer, Waited};
use tidemark_identity::{AvatarUrl, Password, PersonName, Purpose, User, UserChanges, UserCommand};
use tidemark_kernel::{Caller, Email, FieldError, Role, Timestamp, UserId};
use tidemark_projections::identity::users::{self, UserFilter, UserRow, UserSort, Users};
use tidemark_projections::page::Order;
use tokio::time::{Duration, Instant};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::auth::password_secret;
use super::mail_tokens;
use super::session_rows::{self, Which};
use crate::App;
use crate::body::{Body, Headers, NoBody, NoQuery, PathId, Query};
use crate::cache::{Key, SeenBy, Tag};
use crate::caller::{Admin, SignedIn};
use crate::command::{Accepted, CommandContext, Reply};
use crate::fields::{Fields, FromFields};
use crate::openapi::{v1, words};
use crate::problem::Problem;
use crate::query::{self, Bound, Found, Paged, Paging, one_of, read_sort};
use crate::tenancy::people::within_quota;

const SORTS: [(&str, UserSort); 3] =
    [("createdAt", UserSort::CreatedAt), ("name", UserSort::Name), ("email", UserSort::Email)];
/// How long somebody who has just registered may have to wait for the read model.
const OWN_PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn router() -> OpenApiRouter<App> {
    let router = OpenApiRouter::new()
        .routes(v1(routes!(list, create)))
        .routes(v1(routes!(get, edit, delete)))
        .routes(v1(routes!(change_role)));
    query::listed(router, "/users", &SORTS)
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct UserView {
    pub(super) id: Uuid,
    #[schema(format = "email")]
    email: String,
    /// Whether mail to that address is read by whom it belongs to.
    email_verified: bool,
    /// Whether the person was invited and has not accepted yet.
    invited: bool,
    name: String,
    #[schema(required)]
    avatar_url: Option<String>,
    #[schema(value_type = RoleName)]
    pub(super) role: Role,
    /// The aggregate's version.
    pub(super) version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What somebody may do, for the document.
pub(super) struct RoleName;

impl PartialSchema for RoleName {
    fn schema() -> RefOr<Schema> {
        words(Role::ALL.map(Role::as_str))
    }
}

impl ToSchema for RoleName {
    fn name() -> Cow<'static, str> {
        "Role".into()
    }
}

impl UserView {
    /// The account as the write side knows it.
    pub(super) fn of((user, version): (&User, i64)) -> Self {
        Self {
            id: user.id.as_uuid(),
            email: user.email.as_ref().map(|email| email.as_str().to_owned()).unwrap_or_default(),
            email_verified: user.email_verified,
            invited: user.is_invited(),
            name: user.name.as_str().to_owned(),
            avatar_url: user.avatar_url.as_ref().map(|url| url.as_str().to_owned()),
            role: user.role,
            version,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

impl From<UserRow> for UserView {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.user_id,
            email: row.email.unwrap_or_default(),
            email_verified: row.email_verified,
            invited: row.invited,
            name: row.name,
            avatar_url: row.avatar_url,
            role: Role::parse(&row.role).unwrap_or_default(),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// An admin opens an account for somebody.
#[derive(Debug, ToSchema)]
pub struct CreateUser {
    /// Where to reach the person; unique in the tenant, without case.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: Email,
    /// 8 to 128 characters, and none of the most common ones.
    #[schema(value_type = String, min_length = 8, max_length = 128)]
    password: Password,
    /// What the person is called.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    name: PersonName,
    /// What the person may do.
    #[schema(value_type = RoleName)]
    role: Role,
}

/// What changes of an account.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct EditUser {
    /// Another name.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 100)]
    name: Option<PersonName>,
    /// Another picture: an http(s) address or a path of this server. `null` for none.
    #[schema(value_type = Option<String>, max_length = 2048)]
    avatar_url: Option<Option<AvatarUrl>>,
    /// Another address; admins only.
    #[schema(value_type = Option<String>, nullable = false, format = "email", max_length = 254)]
    email: Option<Email>,
}

/// Another role.
#[derive(Debug, ToSchema)]
pub struct ChangeRole {
    /// What the person may do from now on.
    #[schema(value_type = RoleName)]
    role: Role,
}

/// What is left of a person who was erased.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Erasure {
    /// Who it was: the id of the account.
    subject: Uuid,
    #[schema(format = "date-time")]
    erased_at: String,
    /// Names the key that was destroyed; `null` when nothing was ever sealed with one.
    #[schema(required)]
    key_fingerprint: Option<String>,
}

/// How far an account is to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteUser {
    erase: bool,
}

/// Which people, in which order.
#[derive(Debug)]
pub struct UserQuery {
    filter: UserFilter,
    sort: UserSort,
    order: Order,
    paging: Paging,
}

impl FromFields for CreateUser {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", str::parse::<Email>);
        let password = fields.required("password", Password::parse);
        let name = fields.required("name", PersonName::parse);
        let role = fields.required("role", role);
        Some(Self { email: email?, password: password?, name: name?, role: role? })
    }
}

impl FromFields for EditUser {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let name = fields.changed("name", PersonName::parse);
        let avatar_url = fields.clearable("avatarUrl", AvatarUrl::parse);
        let email = fields.changed("email", str::parse::<Email>);
        Some(Self { name, avatar_url, email })
    }
}

impl FromFields for ChangeRole {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { role: fields.required("role", role)? })
    }
}

impl FromFields for DeleteUser {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { erase: fields.flag("erase").unwrap_or(false) })
    }
}

impl FromFields for UserQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let search = fields.optional("search", search);
        let role = fields.optional("role", role);
        let sort = read_sort(fields, &SORTS, UserSort::CreatedAt);
        let paging = Paging::read(fields);
        let (sort, order) = sort?;
        Some(Self { filter: UserFilter { search, role }, sort, order, paging: paging? })
    }
}

pub(super) fn role(text: &str) -> Result<Role, FieldError> {
    Role::parse(text).ok_or_else(|| one_of(Role::ALL.map(Role::as_str)))
}

fn search(text: &str) -> Result<String, FieldError> {
    const LONGEST: usize = 200;
    if text.chars().count() > LONGEST { Err(FieldError::too_long(LONGEST, "characters")) } else { Ok(text.to_owned()) }
}

/// The user of the path, asked for by an admin or by itself. Anyone else is refused, whether there is such a user or not.
struct Oneself {
    caller: Caller,
    user: UserId,
}

impl<S: Send + Sync> FromRequestParts<S> for Oneself {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let SignedIn { caller, .. } = SignedIn::from_request_parts(parts, state).await?;
        let named = PathId::<UserId>::from_request_parts(parts, state).await;
        let is_self = named.as_ref().is_ok_and(|PathId(user)| *user == caller.user);
        if !caller.role.is_admin() && !is_self {
            return Err(Problem::forbidden());
        }
        let PathId(user) = named?;
        Ok(Self { caller, user })
    }
}

/// List people
#[utoipa::path(get, path = "/users", tag = "identity", operation_id = "listUsers", security(("bearer" = [])),
    params(
        ("search" = Option<String>, Query, description = "In the name or the address, without case", max_length = 200),
        ("role" = Option<RoleName>, Query, description = "Only those with this role"),
    ),
    responses((status = 200, description = "A page of people", body = Paged<UserView>)))]
async fn list(
    State(app): State<App>,
    Admin(caller): Admin,
    Query(asked): Query<UserQuery>,
    Headers(headers): Headers,
) -> Result<Response, Problem> {
    let filters = format!(
        "search={:?}&role={:?}&sort={:?}&order={:?}",
        asked.filter.search, asked.filter.role, asked.sort, asked.order
    );
    let bound = Bound { tenant: caller.tenant.as_str(), list: "/users", filters: &filters };
    let page = asked.paging.page(&app.cursors, bound)?;
    let params = format!("{filters}&{}", asked.paging.canonical()).into();
    let key = Key {
        tenant: caller.tenant.clone(),
        route: "/users",
        params,
        seen_by: SeenBy::Person { user: caller.user, as_editor: true },
    };
    query::answer(&app, &headers, &[Users::NAME], key, || async {
        let found =
            users::list(&app.reads, &caller.tenant, asked.filter.clone(), asked.sort, asked.order, page.clone())
                .await?;
        let show = |listing| {
            Found::list(&Paged::of(listing, &page, &app.cursors, bound, UserView::from), vec![Tag::all("user")])
        };
        Ok(found.map(|listing| Some(show(listing))))
    })
    .await
}

/// Open an account for somebody
#[utoipa::path(post, path = "/users", tag = "identity", operation_id = "createUser", security(("bearer" = [])), request_body = CreateUser,
    responses((status = 201, description = "The account", body = UserView), (status = 409, description = "`EMAIL_CONFLICT`, `QUOTA_EXCEEDED`")))]
async fn create(
    State(app): State<App>,
    Admin(_admin): Admin,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    Body(body): Body<CreateUser>,
) -> Result<Accepted, Problem> {
    let CreateUser { email, password, name, role } = body;
    let (id, at) = (UserId::new(Uuid::now_v7()), context.at());
    app.passwords.ensure_strong("password", &password, &[email.as_str(), name.as_str()]).await?;
    let hash = app.passwords.hash(password).await?;
    let step = step::<User>(id, Precondition::New, UserCommand::Register { id, email, name, role, at });
    let transaction = Transaction::default().with(step).with_secret(password_secret(id, hash));
    let transaction = within_quota(&app, &context, transaction).await?;
    context
        .transact("CreateUser", transaction, |decided| match decided.state::<User>(0) {
            Some((user, version)) => {
                Reply::created(format!("/api/v1/users/{id}"), version, &UserView::of((user, version)))
            }
            None => Reply::no_content(),
        })
        .await
}

/// One account
#[utoipa::path(get, path = "/users/{id}", tag = "identity", operation_id = "getUser", security(("bearer" = [])), params(("id" = String, Path, description = "The user's id")),
    responses((status = 200, description = "The account", body = UserView)))]
async fn get(
    State(app): State<App>,
    Oneself { caller, user }: Oneself,
    Query(NoQuery): Query<NoQuery>,
    Headers(headers): Headers,
) -> Result<Response, Problem> {
    show(&app, &headers, &caller, user).await
}

/// Change an account
#[utoipa::path(patch, path = "/users/{id}", tag = "identity", operation_id = "editUser", security(("bearer" = [])), params(("id" = String, Path, description = "The user's id")), request_body = EditUser,
    responses((status = 200, description = "The account", body = UserView), (status = 409, description = "`EMAIL_CONFLICT`")))]
async fn edit(
    Oneself { caller, user }: Oneself,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    Body(body): Body<EditUser>,
) -> Result<Accepted, Problem> {
    let EditUser { name, avatar_url, email } = body;
    if email.is_some() && !caller.role.is_admin() {
        return Err(Problem::forbidden().detail("only an admin changes an email here"));
    }
    let command = UserCommand::Edit { changes: UserChanges { name, avatar_url, email }, at: context.at() };
    let step = step::<User>(user, context.precondition(), command);
    context.execute("EditUser", step, |user, version| Reply::ok(version, &UserView::of((user, version)))).await
}

/// Delete an account, or erase its person
#[utoipa::path(delete, path = "/users/{id}", tag = "identity", operation_id = "deleteUser", security(("bearer" = [])), params(("id" = String, Path, description = "The user's id"),
        ("erase" = Option<bool>, Query, description = "Makes the person's data unreadable everywhere, for ever; of a deleted account too")),
    responses((status = 204, description = "Deleted"), (status = 200, description = "Erased; a receipt", body = Erasure),
        (status = 409, description = "`LAST_ADMIN`, `ALREADY_ERASED`")))]
async fn delete(
    State(app): State<App>,
    Oneself { caller, user }: Oneself,
    context: CommandContext,
    Query(DeleteUser { erase: erases }): Query<DeleteUser>,
    NoBody: NoBody,
) -> Result<Accepted, Problem> {
    if erases {
        return erase(&app, &context, user).await;
    }
    if !caller.role.is_admin() {
        return Err(Problem::forbidden().detail("only an admin deletes an account and keeps its data"));
    }
    let step = step::<User>(user, context.precondition(), UserCommand::Delete { at: context.at() });
    let password = tidemark_commands::Secret { value: None, ..password_secret(user, String::new()) };
    let sessions = session_rows::close(user, Which::All);
    let transaction = Transaction::default()
        .with(step)
        .with_secret(password)
        .with_row_change(sessions)
        .with_row_change(mail_tokens::end(user, &Purpose::ALL));
    context.transact("DeleteUser", transaction, |_| Reply::no_content()).await
}

async fn erase(app: &App, context: &CommandContext, user: UserId) -> Result<Accepted, Problem> {
    let subject = user.to_string();
    // The fingerprint never changes, so it may be read before the decision; of a person erased before it does not matter.
    let key_fingerprint = app.commands.key_fingerprint(context.tenant().as_str(), &subject).await?;
    let at = context.at();
    let step = step::<User>(user, context.precondition(), UserCommand::Erase { at });
    let transaction =
        Transaction::default().with(step).with_row_change(mail_tokens::end(user, &Purpose::ALL)).erasing(subject);
    let receipt = Erasure { subject: user.as_uuid(), erased_at: at.to_string(), key_fingerprint };
    context
        .transact("EraseUser", transaction, |decided| {
            Reply::ok(decided.state::<User>(0).map_or(0, |(_, version)| version), &receipt)
        })
        .await
}

/// Give somebody another role
#[utoipa::path(put, path = "/users/{id}/role", tag = "identity", operation_id = "changeRole", security(("bearer" = [])), params(("id" = String, Path, description = "The user's id")), request_body = ChangeRole,
    responses((status = 200, description = "The account", body = UserView), (status = 409, description = "`LAST_ADMIN`")))]
async fn change_role(
    Admin(_admin): Admin,
    PathId(user): PathId<UserId>,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    Body(body): Body<ChangeRole>,
) -> Result<Accepted, Problem> {
    let command = UserCommand::ChangeRole { role: body.role, at: context.at() };
    let step = step::<User>(user, context.precondition(), command);
    context.execute("ChangeRole", step, |user, version| Reply::ok(version, &UserView::of((user, version)))).await
}

/// Answers with one account as `caller` sees it.
pub(super) async fn show(app: &App, headers: &HeaderMap, caller: &Caller, user: UserId) -> Result<Response, Problem> {
    let seen_by = SeenBy::Person { user: caller.user, as_editor: caller.role.may_edit() };
    let key = Key { tenant: caller.tenant.clone(), route: "/users/{id}", params: user.to_string().into(), seen_by };
    query::answer(app, headers, &[Users::NAME], key, || async {
        let found = find(app, caller, user).await?;
        Ok(found.map(|row| {
            row.map(|row| Found::resource(row.version, &UserView::from(row), vec![Tag::one("user", user.as_uuid())]))
        }))
    })
    .await
}

/// Somebody who has just registered exists, however far the read model has come: it is waited for, and whoever it does not
/// show in time is not told that there is no such account.
async fn find(app: &App, caller: &Caller, user: UserId) -> Result<Answer<Option<UserRow>>, Problem> {
    let found = users::find(&app.reads, &caller.tenant, user).await?;
    if found.value.is_some() || user != caller.user {
        return Ok(found);
    }
    let tenant = caller.tenant.as_str();
    let head = log::tenant_head(app.commands.pool(), tenant).await?;
    match app.reads.wait_until(tenant, &[Users::NAME], head, Instant::now() + OWN_PATIENCE).await? {
        Waited::Reached => Ok(users::find(&app.reads, &caller.tenant, user).await?),
        Waited::Behind => Err(query::behind("the read model does not show the account yet; it is safe")),
    }
}
