import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { AmiClient } from '../../../src/pbx/ami/client.ts';
import { AriClient } from '../../../src/pbx/ari/client.ts';
import type { Contacts } from '../../../src/pbx/contacts.ts';
import { Objects } from '../../../src/pbx/objects.ts';
import { until } from '../../support/until.ts';

/** An ARI whose reloads wait until the test lets them end. */
async function slowReload() {
  const open: http.ServerResponse[] = [];
  let begun = 0;
  const server = http.createServer((_, response) => {
    begun++;
    open.push(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ari`;
  const ari = new AriClient({ baseUrl, username: 'u', password: 'p', deadlineMs: 10_000 });
  return {
    objects: new Objects(null as unknown as AmiClient, ari, null as unknown as Contacts),
    begun: () => begun,
    open,
    end: (status: number) => open.shift()!.writeHead(status).end('{"message":"no"}'),
  };
}

test('one settle runs at a time, and whoever comes meanwhile shares the next one', async () => {
  const { objects, begun, open, end } = await slowReload();
  const first = objects.settle();
  await until('the first begins', () => begun() === 1);
  const shared = [objects.settle(), objects.settle()];
  end(204);
  await first;
  shared.push(objects.settle());
  await until('the second begins', () => begun() === 2);
  const third = objects.settle();
  expect(open).toHaveLength(1);
  end(204);
  await Promise.all(shared);
  await until('the third begins', () => begun() === 3);
  end(204);
  await third;
  expect(begun()).toBe(3);
});

test('a settle that fails is told to those who shared it, and the next one is tried', async () => {
  const { objects, begun, end } = await slowReload();
  const first = objects.settle();
  const second = objects.settle();
  await until('the first begins', () => begun() === 1);
  end(500);
  await expect(first).rejects.toMatchObject({ code: 'pbx-refused' });
  await until('the second begins', () => begun() === 2);
  end(204);
  expect((await second).durationMs).toBeGreaterThan(0);
});
