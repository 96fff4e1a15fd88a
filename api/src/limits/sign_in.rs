//! Which account a sign-in is about.

use axum::body::Body;
use axum::extract::Request;
use serde_json::Value;
use tidemark_kernel::Email;

use crate::body;
use crate::problem::Problem;
use crate::tokens::Verified;

/// Whoever is signed in, else the account that the `email` of the body names, read exactly as the handler will read it. The
/// request comes back with its body.
pub(super) async fn account(request: Request, caller: Option<&Verified>) -> Result<(Request, Option<String>), Problem> {
    if let Some(caller) = caller {
        return Ok((request, Some(caller.caller.user.to_string())));
    }
    let (parts, body) = request.into_parts();
    let bytes = body::receive(body).await?;
    let named = serde_json::from_slice::<Value>(&bytes).ok();
    let email = named.as_ref().and_then(|fields| fields.get("email")?.as_str()?.parse::<Email>().ok());
    let account = email.map(|email| email.key());
    Ok((Request::from_parts(parts, Body::from(bytes)), account))
}
