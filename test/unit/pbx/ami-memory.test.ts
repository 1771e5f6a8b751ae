import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { connectedLink } from '../../support/faulty-link.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('an answer that has been given is let go', async () => {
  const item = `Val: ${'x'.repeat(900)}`;
  const { ami } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBGetTree') return false;
      peer.list(
        action,
        Array.from({ length: 2_000 }, () => [item]),
      );
      return true;
    },
  });
  const answers: WeakRef<object>[] = [];
  for (let i = 0; i < 5; i++) answers.push(new WeakRef(await ami.ask('DBGetTree', [])));
  // What a WeakRef has shown stays until the turn of the event loop is over.
  await new Promise((resolve) => setTimeout(resolve, 0));
  collectGarbage();
  expect(answers.filter((answer) => answer.deref() !== undefined)).toEqual([]);
});
