//! The benches by themselves, on servers that are already there.

use clap::Parser;
use tidemark_bench::{BenchArgs, Stack};

#[derive(Parser)]
#[command(name = "bench", about = "Measures Tidemark beside its yardsticks")]
struct Arguments {
    #[command(flatten)]
    bench: BenchArgs,
    /// A maintenance database, as its owner
    #[arg(long, env = "TIDEMARK_TEST_DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// A NATS with JetStream
    #[arg(long, env = "TIDEMARK_TEST_NATS_URL", hide_env_values = true)]
    nats_url: Option<String>,
    /// A Redis
    #[arg(long, env = "TIDEMARK_TEST_REDIS_URL", hide_env_values = true)]
    redis_url: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    if tidemark_bench::is_child() {
        return tidemark_bench::child().await;
    }
    let Arguments { bench, database_url, nats_url, redis_url } = Arguments::parse();
    tidemark_bench::run(bench, Stack { database_url, nats_url, redis_url }).await
}
