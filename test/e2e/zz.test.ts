import { test, afterAll, beforeAll } from 'vitest';
import WebSocket from 'ws';
import { startService, type TestService } from '../support/service.ts';
let service: TestService;
beforeAll(async () => { service = await startService(); });
afterAll(() => service?.stop());
test('x', async () => {
  const ws = new WebSocket(`${service.url.replace('http','ws')}/ws/test`, 'sip', { origin: service.url });
  await new Promise<void>((r) => { ws.on('open', () => { console.log('OPEN'); r(); }); ws.on('error', (e) => { console.log('ERR', e.message); r(); }); ws.on('unexpected-response', (_q, res) => { console.log('RESP', res.statusCode); r(); }); });
  console.log(service.logged().split('\n').filter(l => l.includes('WebSocket')).join('\n'));
});
