import { expect, inject, onTestFinished, test } from 'vitest';
import { type AsteriskOptions, connectToAsterisk } from '../../src/pbx/asterisk-adapter.ts';
import type { PbxEvent } from '../../src/pbx/pbx-event.ts';
import { until } from '../support/until.ts';

/** Access to the shared Asterisk, with what a test changes. */
function access(changes: { ami?: object; ari?: object }): AsteriskOptions {
  const { ami, ari } = inject('asterisk');
  return {
    ami: { ...ami, ...changes.ami },
    ari: { baseUrl: ari.url, username: ari.username, password: ari.secret, ...changes.ari },
    onDefect: () => {},
  };
}

test.each([
  ['AMI secret', { ami: { secret: 'wrong-secret' } }, 'manager.conf'],
  ['AMI user', { ami: { username: 'nobody', secret: 'wrong-secret' } }, 'manager.conf'],
  ['ARI password', { ari: { password: 'wrong-secret' } }, 'ari.conf'],
])('a wrong %s is told with the file to look into, and nothing works', async (_, changes, file) => {
  const pbx = connectToAsterisk(access(changes));
  onTestFinished(() => pbx.link.close());
  const events: PbxEvent[] = [];
  pbx.link.subscribe((event) => events.push(event));
  await until('the refusal', () => pbx.link.state === 'login-refused');
  expect(pbx.link.trouble).toMatchObject({ code: 'pbx-login-refused' });
  expect(pbx.link.trouble?.message).toContain(file);
  expect(events).toMatchObject([{ type: 'disconnected', reason: { code: 'pbx-login-refused' } }]);
  expect(JSON.stringify(events) + events.map((event) => Object.values(event).join())).not.toContain(
    'wrong-secret',
  );
  await expect(pbx.db.readTree('login')).rejects.toMatchObject({ code: 'pbx-not-connected' });
  await expect(pbx.calls.channels()).rejects.toMatchObject({ code: 'pbx-not-connected' });
});

test('a subscriber that throws is reported, and the others hear all the same', async () => {
  const defects: unknown[] = [];
  const pbx = connectToAsterisk({ ...access({}), onDefect: (error) => defects.push(error) });
  onTestFinished(() => pbx.link.close());
  const defect = new Error('a defect of the subscriber');
  pbx.link.subscribe(() => {
    throw defect;
  });
  const heard: string[] = [];
  pbx.link.subscribe((event) => heard.push(event.type));
  await pbx.link.whenConnected(10_000);
  expect(heard).toContain('connected');
  expect(defects).toContain(defect);
});
