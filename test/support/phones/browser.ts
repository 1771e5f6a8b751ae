import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { build } from 'esbuild';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Where Debian's package puts it. */
const CHROMIUM = '/usr/bin/chromium';

/**
 * What a headless Chromium needs to make calls on loopback: 127.0.0.1 as an ICE candidate and not its
 * mDNS name, sound without a click, no question about the microphone, no doubt about a page handed to it without a
 * server; and nothing from the network.
 */
const FLAGS = [
  '--allow-loopback-in-peer-connection',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** One Chromium and one page's bundle, shared by the phones of a suite; each phone is a context of its own. */
type Shared = { browser: Browser; server: Server; url: string; script: string; pages: number };

let shared: Promise<Shared> | undefined;

async function start(): Promise<Shared> {
  const [browser, script] = await Promise.all([
    chromium.launch({ executablePath: CHROMIUM, args: FLAGS, headless: true }),
    bundlePage(),
  ]);
  const server = createServer((request, response) => {
    const { contentType, body } = fileAt(request.url ?? '/', script);
    response.setHeader('Content-Type', contentType);
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { browser, server, url: `http://127.0.0.1:${port}/`, script, pages: 0 };
}

function fileAt(url: string, script: string): { contentType: string; body: string } {
  return url.endsWith('/page.js')
    ? { contentType: 'text/javascript', body: script }
    : {
        contentType: 'text/html',
        body: '<!doctype html><meta charset="utf-8"><script src="page.js"></script>',
      };
}

async function bundlePage(): Promise<string> {
  const result = await build({
    entryPoints: [path.join(import.meta.dirname, 'page/page.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    logLevel: 'silent',
  });
  return result.outputFiles[0]!.text;
}

/**
 * Opens a page in a context of its own.
 *
 * @param prepare before the page's script runs
 * @param origin whose page it is; the browser is handed the phone's files for addresses below `/test-phone/`
 */
export async function openPage(
  prepare: (page: Page) => Promise<void>,
  origin?: string,
): Promise<{ page: Page; context: BrowserContext }> {
  shared ??= start();
  const { browser, url, script } = await shared;
  (await shared).pages++;
  const context = await browser.newContext();
  const page = await context.newPage();
  await prepare(page);
  if (origin) {
    await page.route(`${origin}/test-phone/*`, (route) =>
      route.fulfill(fileAt(route.request().url(), script)),
    );
    await page.goto(`${origin}/test-phone/`);
  } else await page.goto(url);
  return { page, context };
}

/** The last page that closes takes the browser with it. */
export async function closePage(context: BrowserContext): Promise<void> {
  const current = await shared!;
  await context.close();
  if (--current.pages > 0) return;
  shared = undefined;
  await current.browser.close();
  current.server.close();
}
