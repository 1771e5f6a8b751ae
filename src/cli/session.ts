import type { Command } from 'commander';
import { address, type Client, type Query } from './client.ts';
import { usage } from './failure.ts';
import type { Output } from './output.ts';
import type { Terminal } from './terminal.ts';

/** What every command works with. */
export interface Session {
  client: Client;
  output: Output;
  terminal: Terminal;
  /** The address of the tenant that was named: `/tenants/acme`. Throws a usage error when none was. */
  tenant(): string;
}

/** A list of the API: one page of it, or all of it put together. */
export interface Listed<Row> {
  items: Row[];
  next?: string | null;
  /** Of the users' list: how many match. */
  total?: number;
}

/** A page's longest (src/api/cursor.ts). */
const LONGEST_PAGE = 200;

/**
 * Follows a list to its end, or until `limit` items are there. The result is the API's body as if it were one
 * page: `next` is null, or where to go on after the limit.
 */
export async function readAll<Row>(
  { client }: Pick<Session, 'client'>,
  path: string,
  query: Query,
  limit: number = Number.POSITIVE_INFINITY,
): Promise<Listed<Row>> {
  const items: Row[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = Math.min(LONGEST_PAGE, limit - items.length);
    const { body } = await client.get<Listed<Row>>(path, { ...query, limit: page, cursor });
    items.push(...body.items);
    if (!body.next || items.length >= limit) return { ...body, items };
    cursor = body.next;
  }
}

/** Makes commander's actions: the session first, then the command's own arguments and options. */
export type Act = <A extends unknown[]>(
  work: (session: Session, ...args: A) => Promise<void>,
) => (...raw: unknown[]) => Promise<void>;

/** `begin` reads the options that all commands share. */
export function actsIn(begin: (command: Command) => Promise<Session>): Act {
  return <A extends unknown[]>(work: (session: Session, ...args: A) => Promise<void>) =>
    async (...raw: unknown[]) => {
      // Commander's order is: arguments, options, command.
      const command = raw.at(-1) as Command;
      await work(await begin(command), ...(raw.slice(0, -1) as A));
    };
}

export function tenantAddress(slug: string | null): string {
  if (slug === null)
    throw usage(
      'Say which tenant: --tenant or PATCHBAY_TENANT. `patchbay tenants list` shows what there is.',
    );
  return address`/tenants/${slug}`;
}
