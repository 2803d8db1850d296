# The image of Yitong: what it holds is made by .image.mjs, see docs/image.md.
# Both bases are pinned by digest; `docs/image.md` says how the digests are renewed. They were taken from public repositories that use them and
# have not been pulled by whoever wrote this file: the machine had no container engine.
FROM node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# seconds; time of every file in the image, `git log -1 --format=%ct` for the same bytes as CI
ARG SOURCE_DATE_EPOCH=0
RUN node node_modules/typescript/bin/tsc -b contracts policies connectors gateway/http/ui/browser gateway \
 && node .bundle.mjs --without-start && node .image.mjs /out
RUN mkdir /volumes && mv /out/data /volumes/data

FROM gcr.io/distroless/nodejs24-debian12:nonroot@sha256:14d42e2511532589a7c7e01a753667a74fcc96266e137e8125006b87b0c32d0a
LABEL org.opencontainers.image.title="Yitong" \
      org.opencontainers.image.description="Government data-sharing gateway: departments publish under contracts, services ask for a purpose, every answer is on record" \
      org.opencontainers.image.licenses="UNLICENSED" \
      org.opencontainers.image.documentation="docs/image.md" \
      org.opencontainers.image.base.name="gcr.io/distroless/nodejs24-debian12:nonroot"
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /out/app /app
# the folder above it: of a folder that is named, only the content is copied, and the folder itself is made anew with mode 0755
COPY --from=build --chown=65532:65532 /volumes/ /
COPY --from=build /out/workspace /workspace
ENV NODE_ENV=production
# one process group, which writes to /data and /tmp only
USER 65532:65532
WORKDIR /app
VOLUME /data
# systems (mTLS), people (TLS), health and metrics (plain, for the platform)
EXPOSE 8443 8444 8445
STOPSIGNAL SIGTERM
# without a shell; Kubernetes has probes of its own and does not read it
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/nodejs/bin/node", "-e", "fetch(`http://127.0.0.1:${process.env.YITONG_GATEWAY_HEALTH_PORT ?? 8445}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/gateway/cli/main.js"]
CMD ["gateway", "--workspace", "/workspace", "--data", "/data"]
