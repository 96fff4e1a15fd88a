//! Some real-looking content for the demo tenant, written over HTTP as a client would, once.

use std::fs;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::dev_json::DevJson;
use crate::place::Place;

const POSTS: &str = include_str!("seed/posts.json");

/// Writes the posts, unless they were written before or the tenant has posts of its own.
pub async fn once(place: &Place, stack: &DevJson) -> anyhow::Result<()> {
    let marker = place.data.join("seeded");
    if marker.exists() {
        return Ok(());
    }
    let client = Client::builder().timeout(Duration::from_secs(30)).build()?;
    let token = sign_in(&client, stack).await?;
    if !has_posts(&client, stack, &token).await? {
        write(&client, stack, &token).await?;
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

async fn has_posts(client: &Client, stack: &DevJson, token: &str) -> anyhow::Result<bool> {
    let request = client
        .get(format!("{}/api/v1/posts?limit=1", stack.base_url))
        .header("X-Tenant", &stack.tenant)
        .bearer_auth(token);
    let answer: Value = succeeded(request.send().await?, "list posts").await?.json().await?;
    Ok(answer["data"].as_array().is_some_and(|posts| !posts.is_empty()))
}

async fn write(client: &Client, stack: &DevJson, token: &str) -> anyhow::Result<()> {
    let posts: Vec<Value> = serde_json::from_str(POSTS).context("the posts to write are no JSON")?;
    for (number, post) in posts.iter().enumerate() {
        // The key makes it safe to try again after a start that was interrupted here.
        let request = client
            .post(format!("{}/api/v1/posts", stack.base_url))
            .header("X-Tenant", &stack.tenant)
            .header("Idempotency-Key", format!("demo-post-{number}"))
            .bearer_auth(token)
            .json(post);
        succeeded(request.send().await?, "write a post").await?;
    }
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
