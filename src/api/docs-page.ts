import { createRequire } from 'node:module';
import path from 'node:path';
import { type RequestHandler, Router } from 'express';
import { errorPageHtml } from './error-page.ts';
import type { OpenApiDocument } from './openapi.ts';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Patchbay API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/api/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`;

/** A file of its own, because the Content-Security-Policy allows no script inside the page. */
const START = `SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
});
`;

const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const;

/** The document, a page to read and try it, and the page about errors; nothing comes from other servers. */
export function docsRoutes(document: OpenApiDocument): Router {
  const router = Router();
  const assets = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  router.get('/api/openapi.json', fixed('application/json; charset=utf-8', JSON.stringify(document)));
  router.get('/api/docs', fixed('text/html; charset=utf-8', PAGE));
  router.get('/api/docs/start.js', fixed('text/javascript; charset=utf-8', START));
  router.get('/docs/errors', fixed('text/html; charset=utf-8', errorPageHtml()));
  for (const name of ASSETS)
    router.get(`/api/docs/${name}`, (_req, res, next) => {
      res.sendFile(name, { root: assets, maxAge: '1h' }, (error) => {
        // Once the answer has begun there is nothing to add: the browser went away.
        if (error && !res.headersSent) next(error);
      });
    });
  return router;
}

function fixed(contentType: string, text: string): RequestHandler {
  return (_req, res) => {
    res.setHeader('Content-Type', contentType);
    res.setHeader('Cache-Control', 'no-cache');
    res.end(text);
  };
}
