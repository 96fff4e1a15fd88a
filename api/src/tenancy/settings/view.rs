//! The settings in JSON, as they are shown and as they are asked for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use tidemark_kernel::{Email, FieldError, Timestamp};
use tidemark_projections::tenancy::settings::SettingsRow;
use tidemark_tenancy::{
    CurrencyCode, Language, Origin, Quota, RateLimit, SettingsEdit, SettingsSecret, SiteUrl, Tenant, TenantName,
    TenantSettings, TimeZone,
};
use utoipa::openapi::schema::{AdditionalProperties, SchemaType};
use utoipa::openapi::{Object, ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::fields::{Fields, FromFields};

/// More origins than this nobody needs, and every request of a browser is held against all.
const MOST_ORIGINS: usize = 50;
const LONGEST_SECRET: usize = 500;

/// The settings of a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Settings)]
pub(super) struct SettingsView {
    /// The tenant's permanent key.
    id: String,
    /// What it is called.
    name: String,
    /// What prices are in where nothing else is said; ISO 4217.
    #[schema(required)]
    default_currency: Option<String>,
    /// Where its days begin; a name of the IANA time zone database.
    time_zone: String,
    /// What it speaks; BCP 47.
    language: String,
    /// The address that its mail comes from; `null`: the installation's.
    #[schema(required, format = "email")]
    sender_address: Option<String>,
    /// Its front end, to which links in mail lead.
    #[schema(required, format = "uri")]
    site_url: Option<String>,
    /// Origins of browsers that may use the API from elsewhere, beside the installation's.
    cors_origins: Vec<String>,
    /// Its own limits, requests a minute; `null`: the installation's.
    #[schema(value_type = RateLimitsSchema)]
    rate_limits: BTreeMap<&'static str, Option<u32>>,
    /// How much of what there may be; `null`: as much as anybody likes.
    #[schema(value_type = QuotasSchema)]
    quotas: BTreeMap<&'static str, Option<u64>>,
    /// Which secrets are set. What they are is never told.
    #[schema(value_type = SecretsSchema)]
    secrets: BTreeMap<&'static str, IsSet>,
    /// The aggregate's version.
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What is told of a secret.
#[derive(Debug, Serialize)]
struct IsSet {
    set: bool,
}

impl SettingsView {
    /// The settings as the write side knows them.
    pub(super) fn of(tenant: &Tenant, version: i64) -> Self {
        Self::new(SettingsRow {
            tenant_id: tenant.id.as_ref().map(ToString::to_string).unwrap_or_default(),
            name: tenant.name.as_str().to_owned(),
            settings: tenant.settings.clone(),
            created_at: tenant.created_at.as_datetime(),
            updated_at: tenant.updated_at.as_datetime(),
            version,
        })
    }

    fn new(row: SettingsRow) -> Self {
        let TenantSettings {
            default_currency,
            time_zone,
            language,
            sender_address,
            site_url,
            cors_origins,
            rate_limits,
            quotas,
            secrets,
        } = row.settings;
        let is_set = |secret: &SettingsSecret| (secret.as_str(), IsSet { set: secrets.contains(secret) });
        Self {
            id: row.tenant_id,
            name: row.name,
            default_currency: default_currency.map(|currency| currency.as_str().to_owned()),
            time_zone: time_zone.as_str().to_owned(),
            language: language.as_str().to_owned(),
            sender_address: sender_address.map(|address| address.as_str().to_owned()),
            site_url: site_url.map(|url| url.as_str().to_owned()),
            cors_origins: cors_origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
            rate_limits: RateLimit::ALL.iter().map(|limit| (limit.as_str(), rate_limits.get(limit).copied())).collect(),
            quotas: Quota::ALL.iter().map(|quota| (quota.as_str(), quotas.get(quota).copied())).collect(),
            secrets: SettingsSecret::ALL.iter().map(is_set).collect(),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

impl From<SettingsRow> for SettingsView {
    fn from(row: SettingsRow) -> Self {
        Self::new(row)
    }
}

/// What changes of the settings.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct EditSettings {
    /// Another name.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 100)]
    name: Option<TenantName>,
    /// An ISO 4217 code.
    #[schema(value_type = Option<String>, example = "EUR")]
    default_currency: Option<Option<CurrencyCode>>,
    /// A name of the IANA time zone database; `null` for `UTC`.
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    time_zone: Option<Option<TimeZone>>,
    /// A BCP 47 tag; `null` for `en`.
    #[schema(value_type = Option<String>, example = "de-CH", max_length = 35)]
    language: Option<Option<Language>>,
    /// The address that mail comes from.
    #[schema(value_type = Option<String>, format = "email", max_length = 254)]
    sender_address: Option<Option<Email>>,
    /// The front end: an http(s) address without query.
    #[schema(value_type = Option<String>, format = "uri", max_length = 500)]
    site_url: Option<Option<SiteUrl>>,
    /// All origins, as a browser sends them: `https://shop.example`.
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    cors_origins: Option<Vec<Origin>>,
    /// Requests a minute, within bounds.
    #[schema(value_type = Option<RateLimitsSchema>)]
    rate_limits: BTreeMap<RateLimit, Option<u32>>,
    /// How much of what there may be.
    #[schema(value_type = Option<QuotasSchema>)]
    quotas: BTreeMap<Quota, Option<u64>>,
    /// Secrets to be written, or taken away. No answer has them.
    #[schema(value_type = Option<NewSecretsSchema>)]
    secrets: BTreeMap<SettingsSecret, Option<String>>,
}

impl EditSettings {
    /// The name, what the aggregate is told, and what only the rows of secrets are.
    pub(super) fn into_parts(self) -> (Option<TenantName>, SettingsEdit, BTreeMap<SettingsSecret, Option<String>>) {
        let edit = SettingsEdit {
            default_currency: self.default_currency,
            time_zone: self.time_zone,
            language: self.language,
            sender_address: self.sender_address,
            site_url: self.site_url,
            cors_origins: self.cors_origins,
            rate_limits: self.rate_limits,
            quotas: self.quotas,
            secrets: self.secrets.iter().map(|(name, value)| (*name, value.is_some())).collect(),
        };
        (self.name, edit, self.secrets)
    }
}

impl FromFields for EditSettings {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            name: fields.changed("name", TenantName::parse),
            default_currency: fields.clearable("defaultCurrency", CurrencyCode::parse),
            time_zone: fields.clearable("timeZone", TimeZone::parse),
            language: fields.clearable("language", Language::parse),
            sender_address: fields.clearable("senderAddress", str::parse::<Email>),
            site_url: fields.clearable("siteUrl", SiteUrl::parse),
            cors_origins: if fields.is_cleared("corsOrigins") {
                Some(Vec::new())
            } else {
                fields.list("corsOrigins", MOST_ORIGINS, Origin::parse, without_repetition)
            },
            rate_limits: members(fields, "rateLimits", RateLimit::ALL, |fields, limit| {
                let (min, max) = limit.range().into_inner();
                let number = fields.clearable_integer(limit.as_str(), min.into(), max.into())?;
                Some(number.and_then(|number| number.try_into().ok()))
            }),
            quotas: members(fields, "quotas", Quota::ALL, |fields, quota| {
                let (min, max) = bounds(*quota);
                let number = fields.clearable_integer(quota.as_str(), min, max)?;
                Some(number.and_then(|number| number.try_into().ok()))
            }),
            secrets: members(fields, "secrets", SettingsSecret::ALL, |fields, secret| {
                fields.clearable(secret.as_str(), secret_text)
            }),
        })
    }
}

/// What an object says of each of `names`; `null` in its place takes away all of them.
fn members<K: Ord + Copy, V>(
    fields: &mut Fields,
    name: &str,
    names: &[K],
    read: impl Fn(&mut Fields, &K) -> Option<Option<V>>,
) -> BTreeMap<K, Option<V>> {
    let given = fields.within(name, |inner| {
        names.iter().filter_map(|name| Some((*name, read(inner, name)?))).collect::<BTreeMap<_, _>>()
    });
    match given {
        None => BTreeMap::new(),
        Some(None) => names.iter().map(|name| (*name, None)).collect(),
        Some(Some(given)) => given,
    }
}

fn without_repetition(origins: Vec<Origin>) -> Result<Vec<Origin>, FieldError> {
    let is_repeated = |(n, origin): (usize, &Origin)| origins[..n].contains(origin);
    if origins.iter().enumerate().any(is_repeated) {
        return Err(FieldError::invalid("must not name an origin twice"));
    }
    Ok(origins)
}

fn secret_text(text: &str) -> Result<String, FieldError> {
    if text.is_empty() {
        return Err(FieldError::too_short(1, "characters"));
    }
    if text.len() > LONGEST_SECRET {
        return Err(FieldError::too_long(LONGEST_SECRET, "characters"));
    }
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(FieldError::invalid("must be visible ASCII characters without blanks"))
    }
}

fn bounds(quota: Quota) -> (i64, i64) {
    let (min, max) = quota.range().into_inner();
    (i64::try_from(min).unwrap_or(i64::MAX), i64::try_from(max).unwrap_or(i64::MAX))
}

/// An object whose members are named by an enumeration, for the document.
fn object(members: impl IntoIterator<Item = (&'static str, Object)>, all_there: bool) -> RefOr<Schema> {
    let closed = Some(AdditionalProperties::<Schema>::FreeForm(false));
    let mut object = ObjectBuilder::new().schema_type(Type::Object).additional_properties(closed);
    for (name, schema) in members {
        object = object.property(name, schema);
        if all_there {
            object = object.required(name);
        }
    }
    object.into()
}

fn nullable(of: Type) -> SchemaType {
    SchemaType::from_iter([of, Type::Null])
}

fn number(min: i64, max: i64) -> Object {
    let (min, max) = (isize::try_from(min).unwrap_or(0), isize::try_from(max).unwrap_or(isize::MAX));
    ObjectBuilder::new().schema_type(nullable(Type::Integer)).minimum(Some(min)).maximum(Some(max)).build()
}

macro_rules! documented {
    ($schema:ident as $name:literal = $members:expr) => {
        struct $schema;

        impl PartialSchema for $schema {
            fn schema() -> RefOr<Schema> {
                $members
            }
        }

        impl ToSchema for $schema {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    };
}

documented!(RateLimitsSchema as "RateLimits" = {
    let limit = |limit: &RateLimit| {
        let (min, max) = limit.range().into_inner();
        (limit.as_str(), number(min.into(), max.into()))
    };
    object(RateLimit::ALL.iter().map(limit), false)
});
documented!(QuotasSchema as "Quotas" = {
    let quota = |quota: &Quota| {
        let (min, max) = bounds(*quota);
        (quota.as_str(), number(min, max))
    };
    object(Quota::ALL.iter().map(quota), false)
});
documented!(NewSecretsSchema as "NewSecrets" = {
    let text = || {
        let text = ObjectBuilder::new().schema_type(nullable(Type::String));
        text.min_length(Some(1)).max_length(Some(LONGEST_SECRET)).write_only(true).build()
    };
    object(SettingsSecret::ALL.iter().map(|secret| (secret.as_str(), text())), false)
});
documented!(SecretsSchema as "Secrets" = {
    let is_set = || {
        let set = ObjectBuilder::new().schema_type(Type::Boolean);
        ObjectBuilder::new().schema_type(Type::Object).property("set", set).required("set").build()
    };
    object(SettingsSecret::ALL.iter().map(|secret| (secret.as_str(), is_set())), true)
});
