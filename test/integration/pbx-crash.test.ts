import { expect, onTestFinished, test } from 'vitest';
import { connectToAsterisk } from '../../src/pbx/asterisk-adapter.ts';
import { isConnectionTrouble, PbxError } from '../../src/pbx/pbx-error.ts';
import type { PbxEvent } from '../../src/pbx/pbx-event.ts';
import { privateAsterisk } from '../support/private-asterisk.ts';
import { until } from '../support/until.ts';

test('an Asterisk that is killed in the middle of everything: all ends, nothing unacknowledged is done', async () => {
  const asterisk = await privateAsterisk();
  const { ami, ari } = asterisk;
  const pbx = connectToAsterisk({
    ami,
    ari: { baseUrl: ari.url, username: ari.username, password: ari.secret },
    onDefect: () => {},
  });
  onTestFinished(() => pbx.link.close());
  const events: PbxEvent[] = [];
  pbx.link.subscribe((event) => events.push(event));
  await pbx.link.whenConnected(10_000);

  const entries = Array.from({ length: 50_000 }, (_, i) => [`crash/entry/${i}`, 'x'.repeat(500)] as const);
  let killing: Promise<void> | undefined;
  const onProgress = () => {
    killing ??= asterisk.kill('SIGKILL');
  };
  const writing = pbx.db.write(entries, { onProgress });
  const reading = pbx.db.readTree('crash').catch((error: unknown) => error);
  const settling = pbx.objects.settle().catch((error: unknown) => error);
  const report = await writing;
  await Promise.all([reading, settling, killing]);

  expect(report.done).toBeLessThan(50_000);
  expect(report.done + report.failures.length).toBe(50_000);
  expect(report.failures.every(({ error }) => isConnectionTrouble(error))).toBe(true);
  const unknown = report.failures.filter(({ error }) => error.outcome === 'unknown');
  expect(unknown.length).toBeLessThanOrEqual(64);
  expect(report.failures.at(-1)?.error.outcome).toBe('not-sent');
  await until('the loss is noticed', () => pbx.link.state === 'disconnected');
  await expect(pbx.calls.channels()).rejects.toMatchObject({ code: 'pbx-not-connected' });
  expect(pbx.link.trouble).toBeInstanceOf(PbxError);

  await asterisk.restart();
  await until('connected again', () => pbx.link.state === 'connected');
  expect(events.at(-1)).toMatchObject({ type: 'connected', restarted: true });
  // What was acknowledged in its last second may be gone: Asterisk writes to the disk once a second.
  const there = await pbx.db.readTree('crash/entry');
  expect(there.size).toBeLessThanOrEqual(report.done + unknown.length);
});
