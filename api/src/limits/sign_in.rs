//! Which accounts a sign-in is about.

use axum::body::Body;
use axum::extract::Request;
use serde_json::Value;
use tidemark_kernel::Email;
use uuid::Uuid;

use crate::body;
use crate::problem::Problem;

/// The account that the `email` of the body names, read exactly as the handler will read it, and whoever is signed in: were
/// only one of them counted, a token of one's own would be a way around the limit of another's. The request comes back
/// with its body.
pub(super) async fn accounts(request: Request, caller: Option<Uuid>) -> Result<(Request, Vec<String>), Problem> {
    let (parts, body) = request.into_parts();
    let bytes = body::receive(body).await?;
    // A body that is no JSON names nobody, and the handler refuses it.
    let named = serde_json::from_slice::<Value>(&bytes).ok();
    let email = named.as_ref().and_then(|fields| fields.get("email")?.as_str()?.parse::<Email>().ok());
    let signed_in = caller.as_ref().map(Uuid::to_string);
    let accounts = email.map(|email| email.key()).into_iter().chain(signed_in).collect();
    Ok((Request::from_parts(parts, Body::from(bytes)), accounts))
}
