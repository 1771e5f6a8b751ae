import type { ApiAnswer } from '../test/support/api-client.ts';
import type { RegisterLoad } from '../test/support/phones/register-load.ts';
import { startRegisterLoad } from '../test/support/phones/register-load.ts';
import { UaPhone } from '../test/support/phones/ua-phone.ts';
import { until } from '../test/support/until.ts';
import type { BenchLine, Population } from './populate.ts';
import type { Stack } from './stack.ts';

/** What a phone is given to register with. */
export type Account = Pick<BenchLine, 'lineId' | 'secret'>;

let made = 0;

/** A new user with the next free extension and a softphone, over the API; resolves with the line when it is answered. */
export async function createUser(stack: Stack, { slug }: Population): Promise<Omit<BenchLine, 'secret'>> {
  const name = `new${++made}`;
  const answer = await stack.api.post(`/tenants/${slug}/users`, {
    username: name,
    firstName: 'New',
    lastName: String(made),
    email: `${name}@example.com`,
    extension: 'next',
    phone: 'softphone',
  });
  const { id, lines } = succeeded(answer, 201).json;
  return { userId: id, lineId: lines[0].id };
}

/** A new secret for a line, over the API. */
export async function rotateSecret(
  stack: Stack,
  { slug }: Population,
  { userId, lineId }: Omit<BenchLine, 'secret'>,
): Promise<void> {
  succeeded(await stack.api.post(`/tenants/${slug}/users/${userId}/lines/${lineId}/rotate`), 200);
}

/** What the person at the phone does next: looks at the credentials. */
export async function readSecret(
  stack: Stack,
  { slug }: Population,
  { userId, lineId }: Omit<BenchLine, 'secret'>,
): Promise<string> {
  const path = `/tenants/${slug}/users/${userId}/lines/${lineId}/credentials`;
  return succeeded(await stack.api.get(path), 200).json.password;
}

function succeeded(answer: ApiAnswer, status: number): ApiAnswer {
  if (answer.status !== status) throw new Error(`the API answered ${answer.status}: ${answer.text}`);
  return answer;
}

/** Registers again and again, without a pause, until it is accepted. */
export async function untilRegistered(
  server: { host: string; port: number },
  { lineId, secret }: Account,
  deadlineMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  const phone = await UaPhone.open({ server, user: lineId, password: secret });
  for (;;) {
    const { status } = await phone.register();
    if (status === 200) break;
    if (performance.now() > deadline) throw new Error(`${lineId} could not register: ${status}`);
  }
  await phone.close();
}

/** Phones that register all the time; resolves when they have begun. */
export async function backgroundRegisters(
  server: { host: string; port: number },
  accounts: readonly Account[],
  rate: number,
): Promise<RegisterLoad> {
  const load = await startRegisterLoad({
    server,
    credentials: accounts.map(({ lineId, secret }) => ({ user: lineId, password: secret })),
    rate,
  });
  await until('phones register in the background', () => load.report().ok > 0);
  return load;
}
