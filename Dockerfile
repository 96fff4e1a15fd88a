# syntax=docker/dockerfile:1
# One image with the three services and `admin`. Which one runs is the command: `api` (default), `projections`, `workers`, `admin ...`.

FROM rust:1.95.0-slim-trixie AS build
WORKDIR /src
COPY . .
# The image has this toolchain; without the file, rustup would fetch the components that only development needs.
RUN rm rust-toolchain.toml
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin api --bin projections --bin workers --bin admin \
    && mkdir /out \
    && cp target/release/api target/release/projections target/release/workers target/release/admin /out/

FROM debian:trixie-slim
LABEL org.opencontainers.image.title="Tidemark" \
      org.opencontainers.image.licenses="Apache-2.0"
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin tidemark
COPY --from=build /out/ /usr/local/bin/
COPY deploy/healthcheck /usr/local/bin/healthcheck
USER 10001:10001
ENV TIDEMARK_LISTEN=0.0.0.0:8080 \
    TIDEMARK_METRICS_LISTEN=0.0.0.0:9090 \
    TIDEMARK_LOG_FORMAT=json
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
# Of `api`; the compose file has one for each of the others.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["healthcheck", "8080", "/health/live"]
CMD ["api"]
