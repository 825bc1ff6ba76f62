# syntax=docker/dockerfile:1

# The same Node that the tests run on (devDependency "node" in package.json; a test compares the two).
FROM node:24.21.0-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && mkdir -p data

FROM node:24.21.0-slim
WORKDIR /runpass
ENV NODE_ENV=production RUNPASS_HOST=0.0.0.0 RUNPASS_PORT=8080
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY LICENSE README.md CHANGELOG.md ./
COPY bin bin
COPY config config
COPY --from=build /build/dist dist
# Folders of the installation: the sealing key, and the embedded store or a replica's snapshot.
COPY --chown=1000:1000 keys keys
COPY --chown=1000:1000 --from=build /build/data data
VOLUME ["/runpass/keys", "/runpass/data"]

# The image's user "node", as a number so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["node", "bin/healthcheck.js"]
# No shell in between: SIGTERM reaches the server, which then drains.
ENTRYPOINT ["node", "bin/runpass.js"]
CMD ["serve"]
