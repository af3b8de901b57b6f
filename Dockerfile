FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=unversioned
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /out/codexible .
RUN mkdir -p /out/data /out/tmp && chmod 1777 /out/tmp

# Only the program: no shell, and no packages to patch.
FROM scratch
ARG VERSION=unversioned
LABEL org.opencontainers.image.title="Codexible" \
      org.opencontainers.image.description="API keys, plans and daily credits for an API product" \
      org.opencontainers.image.version=$VERSION
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/codexible /codexible
# The only two writable directories. With a read-only root, /data is a volume and /tmp a tmpfs.
COPY --from=build --chown=65532:65532 --chmod=700 /out/data /data
COPY --from=build --chown=65532:65532 --chmod=1777 /out/tmp /tmp
ENV DATA_DIR=/data
WORKDIR /data
USER 65532:65532
EXPOSE 3001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["/codexible", "health"]
ENTRYPOINT ["/codexible"]
CMD ["serve"]
