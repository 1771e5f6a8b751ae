import { z } from 'zod';
import { pageOf, pageQuery } from '../../../../src/api/cursor.ts';
import { patchOf } from '../../../../src/api/patch.ts';
import { flag, repeated } from '../../../../src/api/query.ts';
import { defineRoute, media, type Route } from '../../../../src/api/route.ts';
import { DomainError, notFound, staleVersion } from '../../../../src/domain/errors.ts';

/** A feature like the real ones, small: notes of a tenant, in memory. */
export type Row = {
  id: string;
  tenantId: string;
  title: string;
  text: string | null;
  colour: 'red' | 'blue';
  createdAt: Date;
  version: number;
  /** Stands for a column that must never come out. */
  secret: string;
};

const CreateNote = z.strictObject({
  title: z.string().min(1).max(80),
  text: z.string().max(5000).optional(),
  colour: z.enum(['red', 'blue']).default('red'),
});

const Note = z
  .object({
    id: z.uuid(),
    title: z.string(),
    text: z.string().nullable(),
    colour: z.enum(['red', 'blue']),
    createdAt: z
      .date()
      .transform((date) => date.toISOString())
      .meta({ type: 'string', format: 'date-time' }),
  })
  .meta({ id: 'Note', description: 'A note' });

const PATH = '/api/v1/tenants/:tenant/notes';
const params = z.object({ note: z.uuid() });

export function noteRoutes(rows: Row[], tried: { creates: number; gate: Promise<void> | null }): Route[] {
  const find = (tenantId: string, id: string) => {
    const row = rows.find((one) => one.tenantId === tenantId && one.id === id);
    if (!row) throw notFound('note', id);
    return row;
  };

  const list = defineRoute({
    method: 'get',
    path: PATH,
    summary: 'List notes',
    tag: 'notes',
    permission: 'users:read',
    query: pageQuery({
      search: z.string().optional(),
      colour: repeated(z.enum(['red', 'blue'])),
      open: flag().optional(),
    }),
    response: { 200: pageOf(Note) },
    handler: async ({ query, tenant, cursors }) => {
      const after = cursors.after(query.cursor, z.object({ title: z.string() }));
      const found = rows
        .filter((row) => row.tenantId === tenant.id && row.title.includes(query.search ?? ''))
        .filter((row) => !query.colour || query.colour.includes(row.colour))
        .toSorted((a, b) => (a.title < b.title ? -1 : 1))
        .filter((row) => after === null || row.title > after.title);
      const page = cursors.page(found.slice(0, query.limit + 1), query.limit, (row) => ({
        title: row.title,
      }));
      return { status: 200, body: page };
    },
  });

  const create = defineRoute({
    method: 'post',
    path: PATH,
    summary: 'Create a note',
    tag: 'notes',
    permission: 'users:write',
    body: CreateNote,
    response: { 201: Note },
    etag: true,
    idempotent: true,
    problems: ['conflict-duplicate'],
    handler: async ({ body, tenant, remember }) => {
      tried.creates += 1;
      if (tried.gate) await tried.gate;
      if (rows.some((row) => row.title === body.title && row.tenantId === tenant.id))
        throw new DomainError('conflict-duplicate', `There is a note called "${body.title}" already.`, {
          fields: [{ path: '/title', message: 'Choose another title.' }],
        });
      const row: Row = {
        id: crypto.randomUUID(),
        tenantId: tenant.id,
        text: null,
        createdAt: new Date(0),
        version: 1,
        secret: 'column-that-must-not-come-out',
        ...body,
      };
      const answer = {
        status: 201 as const,
        body: row,
        version: 1,
        location: `/api/v1/tenants/acme/notes/${row.id}`,
      };
      await remember?.('the transaction', answer);
      rows.push(row);
      return answer;
    },
  });

  const read = defineRoute({
    method: 'get',
    path: `${PATH}/:note`,
    summary: 'Read a note',
    tag: 'notes',
    permission: 'users:read',
    params,
    response: { 200: Note },
    etag: true,
    handler: async ({ params: { note }, tenant }) => {
      const row = find(tenant.id, note);
      return { status: 200, body: row, version: row.version };
    },
  });

  const change = defineRoute({
    method: 'patch',
    path: `${PATH}/:note`,
    summary: 'Change a note',
    tag: 'notes',
    permission: 'users:write',
    params,
    body: patchOf(CreateNote),
    response: { 200: Note },
    etag: true,
    ifMatch: 'required',
    handler: async ({ params: { note }, body, tenant, ifMatch }) => {
      const row = find(tenant.id, note);
      if (ifMatch !== null && ifMatch !== row.version) throw staleVersion('note', row.version);
      Object.assign(row, body, { version: row.version + 1 });
      return { status: 200, body: row, version: row.version };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${PATH}/:note`,
    summary: 'Delete a note',
    tag: 'notes',
    permission: 'users:delete',
    params,
    response: { 204: null },
    ifMatch: 'optional',
    handler: async ({ params: { note }, tenant }) => {
      rows.splice(rows.indexOf(find(tenant.id, note)), 1);
      return { status: 204 };
    },
  });

  const picture = defineRoute({
    method: 'get',
    path: `${PATH}/:note/picture`,
    summary: 'A note as a picture',
    tag: 'notes',
    permission: 'users:read',
    params,
    response: { 200: media('image/png') },
    handler: async () => ({ status: 200, body: new Uint8Array([137, 80, 78, 71]) }),
  });

  return [list, create, read, change, remove, picture];
}
