//! The records that `log.append` takes, as Postgres reads them: each a composite type of the schema `log`.

use std::sync::LazyLock;

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::{Oid, PgRecordEncoder};
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};
use uuid::Uuid;

/// The OID of `json`, the same in every Postgres.
const JSON: Oid = Oid(114);

/// Structs whose fields are those of a composite type, in its order. What `sqlx` derives asks for decoding, too, and so for fields
/// that own what they hold.
macro_rules! records {
    ($($(#[doc = $about:literal])* $type_name:literal struct $name:ident<$life:lifetime> {
        $($(#[doc = $about_field:literal])* $field:ident: $field_type:ty,)*
    })*) => {$(
        $(#[doc = $about])*
        pub(super) struct $name<$life> {
            $($(#[doc = $about_field])* pub(super) $field: $field_type,)*
        }

        impl Type<Postgres> for $name<'_> {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_name($type_name)
            }
        }

        impl PgHasArrayType for $name<'_> {
            fn array_type_info() -> PgTypeInfo {
                static ARRAY: LazyLock<PgTypeInfo> = LazyLock::new(|| PgTypeInfo::array_of($type_name));
                ARRAY.clone()
            }
        }

        impl Encode<'_, Postgres> for $name<'_> {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let mut record = PgRecordEncoder::new(buffer);
                $(record.encode(&self.$field)?;)*
                record.finish();
                Ok(IsNull::No)
            }
        }
    )*};
}

records! {
    /// An event.
    "log.new_event" struct EventRecord<'a> {
        event_id: Uuid,
        /// Which of the batch's tenants, from 1.
        tenant_index: i32,
        /// Its place among that tenant's events of the batch, from 1.
        tenant_position_offset: i32,
        aggregate_type: &'a str,
        aggregate_id: &'a str,
        sequence: i64,
        event_type: &'a str,
        event_version: &'a str,
        payload: JsonText<'a>,
        metadata: JsonText<'a>,
    }

    /// A stream and the version that is expected of it.
    "log.expectation" struct ExpectationRecord<'a> {
        aggregate_type: &'a str,
        aggregate_id: &'a str,
        version: i64,
    }

    /// An idempotency key, with how many events of the batch, and of its tenant in the batch, precede or belong to its command.
    "log.new_idempotency_key" struct IdempotencyKeyRecord<'a> {
        key_id: Uuid,
        tenant_index: i32,
        request_hash: &'a [u8],
        answer: &'a [u8],
        position_offset: i32,
        tenant_position_offset: i32,
    }

    /// A claim and who holds it.
    "log.claim" struct ClaimRecord<'a> {
        tenant_id: &'a str,
        scope: &'a str,
        value: &'a str,
        aggregate_type: &'a str,
        aggregate_id: &'a str,
    }

    /// A secret; without a value one that is removed.
    "log.secret_change" struct SecretChangeRecord<'a> {
        tenant_id: &'a str,
        kind: &'a str,
        subject: &'a str,
        value: Option<&'a str>,
    }
}

/// JSON that is text already. Postgres checks it; handed over as `text` it would be copied twice more.
pub(super) struct JsonText<'a>(pub(super) &'a str);

impl Type<Postgres> for JsonText<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(JSON)
    }
}

impl Encode<'_, Postgres> for JsonText<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <&str as Encode<'_, Postgres>>::encode(self.0, buffer)
    }
}
