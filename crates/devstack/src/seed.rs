//! Some real-looking content for the demo tenant, written over HTTP as a client would, once.

use std::fs;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::dev_json::DevJson;
use crate::place::Place;

const POSTS: &str = include_str!("seed/posts.json");

/// Writes the posts, unless they were written before or the tenant has posts of its own. A start that was interrupted
/// here is completed by the next one.
pub async fn once(place: &Place, stack: &DevJson) -> anyhow::Result<()> {
    let marker = place.data.join("seeded");
    if marker.exists() {
        return Ok(());
    }
    let client = Client::builder().timeout(Duration::from_secs(30)).build()?;
    let token = sign_in(&client, stack).await?;
    let posts: Vec<Value> = serde_json::from_str(POSTS).context("the posts to write are no JSON")?;
    let present = present(&client, stack, &token).await?;
    for (number, post) in missing(&posts, &present) {
        write(&client, stack, &token, number, post).await?;
    }
    fs::write(marker, "")?;
    Ok(())
}

/// Signs the editor in; gives the access token.
pub(crate) async fn sign_in(client: &Client, stack: &DevJson) -> anyhow::Result<String> {
    let body = json!({ "email": stack.editor.email, "password": stack.editor.password });
    let request =
        client.post(format!("{}/api/v1/auth/login", stack.base_url)).header("X-Tenant", &stack.tenant).json(&body);
    let answer: Value = succeeded(request.send().await?, "sign in").await?.json().await?;
    Ok(answer["accessToken"].as_str().context("no access token")?.to_owned())
}

/// The titles of the tenant's newest posts.
async fn present(client: &Client, stack: &DevJson, token: &str) -> anyhow::Result<Vec<String>> {
    let request = client
        .get(format!("{}/api/v1/posts?limit=100", stack.base_url))
        .header("X-Tenant", &stack.tenant)
        .bearer_auth(token);
    let answer: Value = succeeded(request.send().await?, "list posts").await?.json().await?;
    let posts = answer["data"].as_array().context("no list of posts")?;
    Ok(posts.iter().filter_map(|post| post["title"].as_str().map(str::to_owned)).collect())
}

/// The posts that are still to be written, with their numbers. Where there are others and none of these, none is.
fn missing<'a>(posts: &'a [Value], present: &[String]) -> Vec<(usize, &'a Value)> {
    let missing: Vec<_> = posts
        .iter()
        .enumerate()
        .filter(|(_, post)| !present.iter().any(|title| post["title"] == title.as_str()))
        .collect();
    if !present.is_empty() && missing.len() == posts.len() { Vec::new() } else { missing }
}

/// The list may not yet show what was written a moment ago; the key makes it safe to write that again.
async fn write(client: &Client, stack: &DevJson, token: &str, number: usize, post: &Value) -> anyhow::Result<()> {
    let request = client
        .post(format!("{}/api/v1/posts", stack.base_url))
        .header("X-Tenant", &stack.tenant)
        .header("Idempotency-Key", format!("demo-post-{number}"))
        .bearer_auth(token)
        .json(post);
    succeeded(request.send().await?, "write a post").await?;
    Ok(())
}

async fn succeeded(answer: Response, what: &str) -> anyhow::Result<Response> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    bail!("cannot {what}: {} {}", answer.status(), answer.text().await.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_seeding_is_completed() {
        let posts = [json!({"title": "one"}), json!({"title": "two"}), json!({"title": "three"})];
        let numbers = |present: &[&str]| -> Vec<usize> {
            let present: Vec<String> = present.iter().map(ToString::to_string).collect();
            missing(&posts, &present).into_iter().map(|(number, _)| number).collect()
        };
        assert_eq!(numbers(&[]), [0, 1, 2]);
        assert_eq!(numbers(&["one", "mine"]), [1, 2]);
        assert!(numbers(&["three", "two", "one"]).is_empty());
        assert!(numbers(&["mine"]).is_empty(), "a tenant with posts of its own is left alone");
    }

    #[test]
    fn the_posts_keep_to_the_contract() {
        let posts: Vec<Value> = serde_json::from_str(POSTS).expect("JSON");
        assert!(posts.len() >= 12);
        for post in &posts {
            assert!((1..=200).contains(&post["title"].as_str().expect("a title").chars().count()));
            assert!(["tech", "lifestyle", "business"].contains(&post["category"].as_str().expect("a category")));
            assert!(post["tags"].as_array().expect("tags").len() <= 10);
            assert!(!post["content"].as_str().expect("content").is_empty());
        }
        for category in ["tech", "lifestyle", "business"] {
            assert!(posts.iter().any(|post| post["category"] == category));
        }
    }
}
