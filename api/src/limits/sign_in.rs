//! Which accounts a sign-in is about.

use serde_json::Value;
use tidemark_kernel::Email;
use uuid::Uuid;

/// The account that the `email` of the body names, read exactly as the handler will read it, and whoever is signed in: were
/// only one of them counted, a token of one's own would be a way around the limit of another's.
pub(super) fn accounts(body: &[u8], caller: Option<Uuid>) -> Vec<String> {
    // A body that is no JSON names nobody, and the handler refuses it.
    let named = serde_json::from_slice::<Value>(body).ok();
    let email = named.as_ref().and_then(|fields| fields.get("email")?.as_str()?.parse::<Email>().ok());
    let signed_in = caller.as_ref().map(Uuid::to_string);
    email.map(|email| email.key()).into_iter().chain(signed_in).collect()
}
