import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { patchOf } from '../../../src/api/patch.ts';
import { defineRoute, type TenantRef } from '../../../src/api/route.ts';
import type { Actor } from '../../../src/domain/actor.ts';
import { DomainError } from '../../../src/domain/errors.ts';

/** What must not compile: `npm run types` fails when one of these lines does. */
const about = { summary: 's', tag: 't' } as const;
const Thing = z.object({ name: z.string() });
const answer = async () => ({ status: 200 as const, body: { name: 'x' } });

test('a route that lacks part of its contract does not compile', () => {
  // biome-ignore format: each refusal has to stand on the line below its expectation
  const made = [
    // @ts-expect-error no permission
    defineRoute({ ...about, method: 'get', path: '/a', response: { 200: Thing }, handler: answer }),
    // @ts-expect-error a permission that does not exist
    defineRoute({ ...about, method: 'get', path: '/a', permission: 'users:*', response: { 200: Thing }, handler: answer }),
    // @ts-expect-error a tenant's permission where no tenant is named
    defineRoute({ ...about, method: 'get', path: '/a', permission: 'users:read', response: { 200: Thing }, handler: answer }),
    // @ts-expect-error a path with a parameter and no schema for it
    defineRoute({ ...about, method: 'get', path: '/a/:id', permission: 'public', response: { 200: Thing }, handler: answer }),
    // @ts-expect-error a schema for another parameter
    defineRoute({ ...about, method: 'get', path: '/a/:id', permission: 'public', params: z.object({ name: z.string() }), response: { 200: Thing }, handler: answer }),
    // @ts-expect-error a change that does not say what it takes
    defineRoute({ ...about, method: 'post', path: '/a', permission: 'public', response: { 200: Thing }, handler: answer }),
    // @ts-expect-error a read with a body
    defineRoute({ ...about, method: 'get', path: '/a', permission: 'public', body: Thing, response: { 200: Thing }, handler: answer }),
    // @ts-expect-error no response schema
    defineRoute({ ...about, method: 'get', path: '/a', permission: 'public', handler: answer }),
    // @ts-expect-error a status that was not declared
    defineRoute({ ...about, method: 'get', path: '/a', permission: 'public', response: { 202: Thing }, handler: answer }),
    // @ts-expect-error a body that is not what was declared
    defineRoute({ ...about, method: 'get', path: '/a', permission: 'public', response: { 200: z.object({ age: z.int() }) }, handler: answer }),
    // @ts-expect-error an ETag is promised, but no version given
    defineRoute({ ...about, method: 'get', path: '/a', permission: 'public', etag: true, response: { 200: Thing }, handler: answer }),
    // @ts-expect-error something is created, but not said where it is
    defineRoute({ ...about, method: 'post', path: '/a', permission: 'public', body: null, response: { 201: Thing }, handler: async () => ({ status: 201, body: { name: 'x' } }) }),
  ];
  expect(made).toHaveLength(12);
});

test('a handler knows what it gets', () => {
  defineRoute({
    ...about,
    method: 'patch',
    path: '/api/v1/tenants/:tenant/things/:thing',
    permission: 'users:write',
    params: z.object({ thing: z.uuid() }),
    query: z.object({ dry: z.stringbool().default(false) }),
    body: Thing,
    response: { 200: Thing, 204: null },
    handler: async (ctx) => {
      expectTypeOf(ctx.params).toEqualTypeOf<{ thing: string }>();
      expectTypeOf(ctx.query).toEqualTypeOf<{ dry: boolean }>();
      expectTypeOf(ctx.body).toEqualTypeOf<{ name: string }>();
      expectTypeOf(ctx.tenant).toEqualTypeOf<TenantRef>();
      expectTypeOf(ctx.actor).toEqualTypeOf<Actor>();
      return ctx.query.dry ? { status: 204 } : { status: 200, body: ctx.body };
    },
  });
  defineRoute({
    ...about,
    method: 'get',
    path: '/a',
    permission: 'public',
    response: { 204: null },
    handler: async (ctx) => {
      expectTypeOf(ctx.actor).toEqualTypeOf<null>();
      // @ts-expect-error there is no tenant in this address
      expect(ctx.tenant).toBeUndefined();
      return { status: 204 };
    },
  });
});

test('errors that carry something must be given it', () => {
  // @ts-expect-error the calls are missing
  const error = new DomainError('user-in-call', 'The user is in a call.');
  expect(error.code).toBe('user-in-call');
  // @ts-expect-error no such code
  expect(new DomainError('no-such-code', 'x')).toBeInstanceOf(Error);
});

test('the change of a thing: all optional, null where it may be empty, no defaults', () => {
  const Change = patchOf(
    z.object({
      name: z.string(),
      alias: z.string().optional(),
      note: z.string().nullable(),
      colour: z.enum(['red', 'blue']).default('red'),
      size: z.int().optional().default(3),
    }),
  );
  expectTypeOf<z.output<typeof Change>>().toEqualTypeOf<{
    name?: string;
    alias?: string | null;
    note?: string | null;
    colour?: 'red' | 'blue';
    size?: number | null;
  }>();
  expect(Change.parse({})).toEqual({});
  expect(Change.parse({ alias: null, note: null, size: null })).toEqual({
    alias: null,
    note: null,
    size: null,
  });
  for (const refused of [{ name: null }, { colour: null }, { unknown: 1 }])
    expect(Change.safeParse(refused).success).toBe(false);
});
