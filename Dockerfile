# Two images from one build: `correlog` (setup and shipper) and `demo-service`. Nothing is compiled at run time.
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package correlog-cli --package demo-service

FROM debian:bookworm-slim AS runtime
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group correlog \
    && install --directory --owner=correlog --group=correlog /var/log/demo /var/lib/correlog
USER correlog

FROM runtime AS correlog
COPY --from=build /src/target/release/correlog /usr/local/bin/correlog
ENTRYPOINT ["correlog"]

FROM runtime AS demo-service
COPY --from=build /src/target/release/demo-service /usr/local/bin/demo-service
ENTRYPOINT ["demo-service"]
