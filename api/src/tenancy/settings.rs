//! The settings of a tenant, as its admins see and change them. Secrets go in and never come out.

mod view;

use axum::extract::State;
use axum::response::Response;
use tidemark_commands::{Secret, Transaction, step};
use tidemark_engine::projection::Projection;
use tidemark_kernel::FieldError;
use tidemark_projections::tenancy::settings::{self, Settings};
use tidemark_tenancy::{SettingsEdit, SettingsSecret, Tenant, TenantCommand};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::view::{EditSettings, SettingsView};
use super::TENANT;
use crate::App;
use crate::body::{Body, Headers, NoQuery, Query};
use crate::cache::{Key, SeenBy, Tag};
use crate::caller::Admin;
use crate::command::{Accepted, CommandContext, Reply};
use crate::openapi::v1;
use crate::problem::{FieldProblem, Problem};
use crate::query::{self, Found};

const ROUTE: &str = "/settings";

pub(super) fn router() -> OpenApiRouter<App> {
    let personal = OpenApiRouter::new().routes(v1(routes!(show, edit)));
    personal.route_layer(axum::middleware::from_fn(crate::edge::no_store))
}

/// The tenant's settings
#[utoipa::path(get, path = ROUTE, tag = "tenancy", operation_id = "getSettings", security(("bearer" = [])),
    responses((status = 200, description = "The settings", body = SettingsView)))]
async fn show(
    State(app): State<App>,
    Admin(caller): Admin,
    Query(NoQuery): Query<NoQuery>,
    Headers(headers): Headers,
) -> Result<Response, Problem> {
    let seen_by = SeenBy::Person { user: caller.user, as_editor: true };
    let key = Key { tenant: caller.tenant.clone(), route: ROUTE, params: "".into(), seen_by };
    query::answer(&app, &headers, &[Settings::NAME], key, || async {
        let found = settings::find(&app.reads, &caller.tenant).await?;
        let shown =
            |row: settings::SettingsRow| Found::resource(row.version, &SettingsView::from(row), vec![Tag::all(TENANT)]);
        Ok(found.map(|row| row.map(shown)))
    })
    .await
}

/// Change the tenant's settings
///
/// What is absent stays, also within `rateLimits`, `quotas` and `secrets`; `null` takes away what is set.
#[utoipa::path(patch, path = ROUTE, tag = "tenancy", operation_id = "editSettings", security(("bearer" = [])), request_body = EditSettings,
    responses((status = 200, description = "The settings", body = SettingsView)))]
async fn edit(
    State(app): State<App>,
    Admin(_admin): Admin,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    Body(body): Body<EditSettings>,
) -> Result<Accepted, Problem> {
    let (name, edit, secrets) = body.into_parts();
    ensure_given(&app, &edit)?;
    let command = TenantCommand::ChangeSettings { name, edit: Box::new(edit), at: context.at() };
    let step = step::<Tenant>(context.tenant(), context.precondition(), command);
    let mut transaction = Transaction::default().with(step);
    for (secret, value) in secrets {
        transaction = transaction.with_secret(row_of(&app, &context, secret, value).await?);
    }
    context
        .transact("ChangeSettings", transaction, |decided| match decided.state::<Tenant>(0) {
            Some((tenant, version)) => Reply::ok(version, &SettingsView::of(tenant, version)),
            None => Reply::no_content(),
        })
        .await
}

/// Refuses limits that are more than the operator gives.
fn ensure_given(app: &App, edit: &SettingsEdit) -> Result<(), Problem> {
    let asked = edit.rate_limits.iter().filter_map(|(limit, asked)| Some((*limit, (*asked)?)));
    let too_much = asked.filter_map(|(limit, asked)| {
        let most = app.tenants.limits().most(limit);
        let error = FieldError::out_of_range(limit.range().start(), most);
        (asked > most).then(|| FieldProblem::new(format!("rateLimits.{}", limit.as_str()), error))
    });
    let too_much: Vec<_> = too_much.collect();
    if too_much.is_empty() { Ok(()) } else { Err(Problem::validation(too_much)) }
}

/// The row of a secret that is written, or taken away.
async fn row_of(
    app: &App,
    context: &CommandContext,
    secret: SettingsSecret,
    value: Option<String>,
) -> Result<Secret, Problem> {
    let (kind, subject) = (SettingsSecret::KIND, secret.as_str());
    match value {
        Some(value) => Ok(app.commands.seal_secret(context.tenant().as_str(), kind, subject, &value).await?),
        None => Ok(Secret { kind: kind.to_owned(), subject: subject.to_owned(), value: None }),
    }
}
