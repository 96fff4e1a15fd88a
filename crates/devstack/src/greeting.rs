//! What `up` says when it is ready: addresses, who can sign in, and a first request to paste.

use std::time::Duration;

use crate::dev_json::{self, DevJson};
use crate::place::Place;

/// Prints it.
pub fn print(json: &DevJson, origins: &[String], place: &Place, took: Duration) {
    println!("{}", text(json, origins, place, took));
}

fn text(json: &DevJson, origins: &[String], place: &Place, took: Duration) -> String {
    let DevJson { base_url, admin, editor, member, tenant, .. } = json;
    let redis = json.redis_url.as_deref().unwrap_or("none");
    let mail = json.mail_folder.as_ref().map_or_else(|| "sent".to_owned(), |folder| folder.display().to_string());
    let dev_json = dev_json::path(&place.data);
    format!(
        r#"
Tidemark is up ({:.1} s).

  API        {base_url}        docs {}
  Metrics    {}
  Postgres   {}
  NATS       {}
  Redis      {redis}
  Mail       {mail}
{}  All of this, for scripts: {}

  Tenant {tenant}:
    admin    {}    {}
    editor   {}    {}
    member   {}    {}

A first request (sign in, write a post, read it back):

  TOKEN=$(curl -s {base_url}/api/v1/auth/login -H 'Content-Type: application/json' \
    -d '{{"email":"{}","password":"{}"}}' | sed 's/.*"accessToken":"\([^"]*\)".*/\1/')
  AFTER=$(curl -s -D - -o /dev/null {base_url}/api/v1/posts -H "Authorization: Bearer $TOKEN" \
    -H 'Content-Type: application/json' \
    -d '{{"title":"Hello","content":"From the command line.","category":"tech","tags":["first"],"published":true}}' \
    | tr -d '\r' | sed -n 's/^[Tt]idemark-[Pp]osition: //p')
  curl -s '{base_url}/api/v1/posts?limit=3' -H "Tidemark-After: $AFTER"
"#,
        took.as_secs_f64(),
        json.docs_url,
        json.metrics_url,
        json.database_url,
        json.nats_url,
        origins.iter().map(|origin| format!("             {origin}\n")).collect::<String>(),
        dev_json.display(),
        admin.email,
        admin.password,
        editor.email,
        editor.password,
        member.email,
        member.password,
        editor.email,
        editor.password,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_names_all_that_one_needs() {
        let place = Place { checkout: None, data: "/data".into(), servers: "/data".into(), unprivileged: None };
        let json = dev_json::example();
        let text = text(&json, &["postgres: here".into()], &place, Duration::from_secs(1));
        for word in [&json.base_url, &json.docs_url, &json.admin.email, &json.admin.password, &json.nats_url] {
            assert!(text.contains(word.as_str()), "{word}");
        }
    }
}
