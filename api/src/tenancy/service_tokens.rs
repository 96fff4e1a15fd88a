//! Service tokens as admins make, list and revoke them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use tidemark_commands::{Precondition, Transaction, step};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::log::RowChange;
use tidemark_engine::projection::Projection;
use tidemark_kernel::{FieldError, ServiceTokenId, Timestamp};
use tidemark_projections::page::Order;
use tidemark_projections::tenancy::service_tokens::{self, ServiceTokenRow, ServiceTokens};
use tidemark_tenancy::{ServiceToken, ServiceTokenCommand, ServiceTokenName, ServiceTokenRefusal, TokenScope};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::App;
use crate::body::{Body, Headers, NoBody, NoQuery, PathId, Query};
use crate::cache::{Key, SeenBy, Tag};
use crate::caller::Admin;
use crate::command::{Accepted, CommandContext, POSITION, Reply, version_tag};
use crate::fields::{Fields, FromFields};
use crate::openapi::{v1, words};
use crate::problem::Problem;
use crate::query::{self, Bound, Found, Paged, Paging, one_of, read_sort};
use crate::service_tokens::removed;

const ROUTE: &str = "/service-tokens";
const SORTS: [(&str, ()); 1] = [("createdAt", ())];
const SERVICE_TOKEN: &str = "serviceToken";

pub(super) fn router() -> OpenApiRouter<App> {
    let personal = OpenApiRouter::new().routes(v1(routes!(list, create))).routes(v1(routes!(revoke)));
    query::listed(personal, ROUTE, &SORTS).route_layer(axum::middleware::from_fn(crate::edge::no_store))
}

/// What an event of a token touches: the list of them.
pub(super) fn touches(event: &RecordedEvent, tags: &mut Vec<Tag>) {
    if &*event.aggregate_type == SERVICE_TOKEN {
        tags.push(Tag::all(SERVICE_TOKEN));
    }
}

/// A service token, without what is presented.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ServiceToken)]
pub struct ServiceTokenView {
    id: Uuid,
    name: String,
    /// What it opens.
    #[schema(value_type = Vec<ScopeName>)]
    scopes: Vec<String>,
    /// When it ends by itself.
    #[schema(value_type = Option<String>, required, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// The admin who made it, in whose name posts are written with it.
    created_by: Uuid,
    /// The aggregate's version.
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A service token that was just made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewServiceToken {
    #[serde(flatten)]
    shown: ServiceTokenView,
    /// What to present as `Authorization: Bearer`. It is shown this once.
    token: String,
}

/// The name of a scope, for the document.
struct ScopeName;

impl PartialSchema for ScopeName {
    fn schema() -> RefOr<Schema> {
        words(TokenScope::ALL.iter().map(|scope| scope.as_str()))
    }
}

impl ToSchema for ScopeName {
    fn name() -> Cow<'static, str> {
        "TokenScope".into()
    }
}

impl ServiceTokenView {
    fn of((token, version): (&ServiceToken, i64)) -> Self {
        Self {
            id: token.id.as_uuid(),
            name: token.name.as_str().to_owned(),
            scopes: token.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            expires_at: token.expires_at,
            created_by: token.created_by.as_uuid(),
            version,
            created_at: token.created_at,
            updated_at: token.updated_at,
        }
    }
}

impl From<ServiceTokenRow> for ServiceTokenView {
    fn from(row: ServiceTokenRow) -> Self {
        Self {
            id: row.token_id,
            name: row.name,
            scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
            expires_at: row.expires_at.map(Into::into),
            created_by: row.created_by,
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// A token to be made.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreateServiceToken {
    /// What it is for.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    name: ServiceTokenName,
    /// What it opens.
    #[schema(value_type = Vec<ScopeName>, min_items = 1)]
    scopes: BTreeSet<TokenScope>,
    /// When it ends by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

impl FromFields for CreateServiceToken {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let name = fields.required("name", ServiceTokenName::parse);
        let scopes = if !fields.is_cleared("scopes") && fields.has("scopes") {
            let named = fields.list("scopes", TokenScope::ALL.len(), scope, |scopes| Ok(BTreeSet::from_iter(scopes)));
            if named.as_ref().is_some_and(BTreeSet::is_empty) {
                fields.reject("scopes", FieldError::too_short(1, "scopes"))
            } else {
                named
            }
        } else {
            fields.reject("scopes", FieldError::required())
        };
        let expires_at = fields.optional("expiresAt", Timestamp::parse);
        Some(Self { name: name?, scopes: scopes?, expires_at })
    }
}

fn scope(text: &str) -> Result<TokenScope, FieldError> {
    TokenScope::parse(text).ok_or_else(|| one_of(TokenScope::ALL.iter().map(|scope| scope.as_str())))
}

/// Which part of the list, in which order.
#[derive(Debug)]
pub struct ServiceTokenQuery {
    order: Order,
    paging: Paging,
}

impl FromFields for ServiceTokenQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let sort = read_sort(fields, &SORTS, ());
        let paging = Paging::read(fields);
        let ((), order) = sort?;
        Some(Self { order, paging: paging? })
    }
}

/// List service tokens
#[utoipa::path(get, path = ROUTE, tag = "tenancy", operation_id = "listServiceTokens", security(("bearer" = [])),
    responses((status = 200, description = "A page of tokens that are not revoked", body = Paged<ServiceTokenView>)))]
async fn list(
    State(app): State<App>,
    Admin(caller): Admin,
    Query(asked): Query<ServiceTokenQuery>,
    Headers(headers): Headers,
) -> Result<Response, Problem> {
    let filters = format!("order={:?}", asked.order);
    let bound = Bound { tenant: caller.tenant.as_str(), list: ROUTE, filters: &filters };
    let page = asked.paging.page(&app.cursors, bound)?;
    let key = Key {
        tenant: caller.tenant.clone(),
        route: ROUTE,
        params: format!("{filters}&{}", asked.paging.canonical()).into(),
        seen_by: SeenBy::Person { user: caller.user, as_editor: true },
    };
    query::answer(&app, &headers, &[ServiceTokens::NAME], key, || async {
        let found = service_tokens::list(&app.reads, &caller.tenant, asked.order, page.clone()).await?;
        let show = |listing| {
            let tags = vec![Tag::all(SERVICE_TOKEN)];
            Found::list(&Paged::of(listing, &page, &app.cursors, bound, ServiceTokenView::from), tags)
        };
        Ok(found.map(|listing| Some(show(listing))))
    })
    .await
}

/// Make a service token
///
/// The answer shows the token this once. It is not remembered, so an `Idempotency-Key` is ignored.
#[utoipa::path(post, path = ROUTE, tag = "tenancy", operation_id = "createServiceToken", security(("bearer" = [])), request_body = CreateServiceToken,
    responses((status = 201, description = "The token", body = NewServiceToken), (status = 409, description = "`TOO_MANY_SERVICE_TOKENS`: there are 100 that are not revoked")))]
async fn create(
    State(app): State<App>,
    Admin(caller): Admin,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    Body(body): Body<CreateServiceToken>,
) -> Result<Response, Problem> {
    let CreateServiceToken { name, scopes, expires_at } = body;
    let (id, at) = (ServiceTokenId::new(Uuid::now_v7()), context.at());
    let new = app.service_tokens.make(context.tenant(), id, &scopes, expires_at, caller.user)?;
    let command = ServiceTokenCommand::Create { id, name, scopes, expires_at, by: caller.user, at };
    let room = RowChange { function: "tenancy.ensure_token_room", argument: ServiceToken::MOST.to_string() };
    let transaction = Transaction::default()
        .with(step::<ServiceToken>(id, Precondition::New, command))
        .with_secret(new.row)
        .with_guard(room, || Box::new(ServiceTokenRefusal::TooMany));
    let (shown, accepted) = context
        .transact_unremembered("CreateServiceToken", transaction, |decided| {
            decided.state::<ServiceToken>(0).map(ServiceTokenView::of)
        })
        .await?;
    let location = HeaderValue::try_from(format!("/api/v1{ROUTE}/{id}")).map_err(Problem::internal)?;
    let headers = [(LOCATION, location), (ETAG, version_tag(shown.version)), (POSITION, accepted.position())];
    Ok((StatusCode::CREATED, headers, Json(NewServiceToken { shown, token: new.text })).into_response())
}

/// Revoke a service token
///
/// It ends within seconds on every process.
#[utoipa::path(delete, path = "/service-tokens/{id}", tag = "tenancy", operation_id = "revokeServiceToken", security(("bearer" = [])),
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 204, description = "Revoked")))]
async fn revoke(
    Admin(_admin): Admin,
    PathId(id): PathId<ServiceTokenId>,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    NoBody: NoBody,
) -> Result<Accepted, Problem> {
    let step = step::<ServiceToken>(id, context.precondition(), ServiceTokenCommand::Revoke { at: context.at() });
    let transaction = Transaction::default().with(step).with_secret(removed(id));
    context.transact("RevokeServiceToken", transaction, |_| Reply::no_content()).await
}
