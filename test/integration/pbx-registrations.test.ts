import { expect, inject, onTestFinished, test } from 'vitest';
import { connectToAsterisk } from '../../src/pbx/asterisk-adapter.ts';
import { until } from '../support/until.ts';
import { registerOverWebSocket } from '../support/websocket-phone.ts';

test("a webphone's registration is found and ended like a desk phone's, while its socket stays open", async () => {
  const { ami, ari, webSocketUrl } = inject('asterisk');
  const pbx = connectToAsterisk({
    ami,
    ari: { baseUrl: ari.url, username: ari.username, password: ari.secret },
    onDefect: () => {},
  });
  onTestFinished(() => pbx.link.close());
  await pbx.link.whenConnected(10_000);
  const line = { id: `webphone-${Date.now()}`, password: 'contract' };
  const report = await pbx.db.write([
    [`ps_auths/auth/${line.id}`, JSON.stringify({ username: line.id, password: line.password })],
    [`ps_aors/aor/${line.id}`, JSON.stringify({ max_contacts: '1', remove_existing: 'yes' })],
    [
      `ps_endpoints/endpoint/${line.id}`,
      JSON.stringify({
        context: 'default',
        auth: line.id,
        aors: line.id,
        webrtc: 'yes',
        allow: '!all,opus,ulaw',
      }),
    ],
  ]);
  expect(report.failures).toEqual([]);
  await pbx.objects.trackAor(line.id);
  const { status, socket } = await registerOverWebSocket(webSocketUrl, line);
  onTestFinished(() => socket.terminate());
  expect(status).toBe(200);
  const [contact] = await pbx.contacts.contactsOf(line.id);
  expect(contact?.uri).toContain('transport=ws');
  await until('online', async () => (await pbx.calls.endpointState(line.id))?.state === 'online');

  expect(await pbx.contacts.endContacts(line.id)).toBe(1);
  expect(await pbx.contacts.contactsOf(line.id)).toEqual([]);
  await until('offline', async () => (await pbx.calls.endpointState(line.id))?.state === 'offline');
  expect(socket.readyState).toBe(socket.OPEN);
  for (const type of ['endpoint', 'auth', 'aor'] as const) {
    expect(await pbx.objects.removeObject(type, line.id)).toBe(true);
  }
});
