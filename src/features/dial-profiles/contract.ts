import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { patchOf } from '../../api/patch.ts';
import { NOT_KEPT } from '../../api/reply.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { fields } from '../fields.ts';
import { instant, UserRef } from '../shared-schemas.ts';
import { inTenant } from '../tenant-work.ts';
import { Rule, Rules } from './rules.ts';
import {
  createProfile,
  deleteProfile,
  listProfiles,
  listUsersOf,
  readProfile,
  updateProfile,
} from './service.ts';

const CreateProfile = z.strictObject({ name: fields.name, rules: Rules });

const Profile = z
  .object({
    id: z.uuid(),
    name: z.string(),
    builtin: z.string().nullable().meta({ description: 'Which built-in one it is; those are read-only.' }),
    rules: z.array(Rule),
    isDefault: z.boolean().meta({ description: 'Users without a profile of their own follow it.' }),
    users: z.int().meta({ description: 'In how many users’ calls it decides.' }),
    revision: z.int().meta({ description: 'Grows with each change of the rules.' }),
    version: z.int(),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({
    id: 'DialProfile',
    description: 'What its users may dial. Extensions and emergency numbers always pass.',
  });

const PROFILES = '/api/v1/tenants/:tenant/dial-profiles';
const params = z.object({ profile: z.uuid() });

export function dialProfileRoutes(deps: FeatureDeps): Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps)];
}

function readingRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: PROFILES,
    summary: 'List dial profiles',
    tag: 'dial profiles',
    permission: 'profiles:read',
    query: pageQuery({}),
    response: { 200: pageOf(Profile) },
    handler: async (ctx) => {
      const { query, cursors } = ctx;
      const after = cursors.after(query.cursor, z.object({ name: z.string() }));
      const rows = await inTenant(db, ctx, (work) =>
        listProfiles(work, after?.name ?? null, query.limit + 1),
      );
      return { status: 200, body: cursors.page(rows, query.limit, ({ name }) => ({ name })) };
    },
  });

  const read = defineRoute({
    method: 'get',
    path: `${PROFILES}/:profile`,
    summary: 'Read a dial profile with its rules',
    tag: 'dial profiles',
    permission: 'profiles:read',
    params,
    response: { 200: Profile },
    etag: true,
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) => readProfile(work, ctx.params.profile));
      return { status: 200, body, version: body.version, headers: NOT_KEPT };
    },
  });

  const users = defineRoute({
    method: 'get',
    path: `${PROFILES}/:profile/users`,
    summary: 'List the users in whose calls a dial profile decides',
    description: 'Those who have it, and, when it is the default, those who have none of their own.',
    tag: 'dial profiles',
    permission: 'profiles:read',
    params,
    query: pageQuery({}),
    response: { 200: pageOf(UserRef) },
    handler: async (ctx) => {
      const { query, cursors } = ctx;
      const after = cursors.after(query.cursor, z.object({ id: z.uuid() }));
      const rows = await inTenant(db, ctx, (work) =>
        listUsersOf(work, ctx.params.profile, after?.id ?? null, query.limit + 1),
      );
      return { status: 200, body: cursors.page(rows, query.limit, ({ id }) => ({ id })) };
    },
  });

  return [list, read, users];
}

function changingRoutes({ db }: FeatureDeps): Route[] {
  const create = defineRoute({
    method: 'post',
    path: PROFILES,
    summary: 'Create a dial profile',
    tag: 'dial profiles',
    permission: 'profiles:write',
    body: CreateProfile,
    response: { 201: Profile },
    etag: true,
    idempotent: true,
    problems: ['conflict-duplicate'],
    handler: (ctx) =>
      inTenant(db, ctx, async (work) => {
        const body = await createProfile(work, ctx.body);
        const location = `/api/v1/tenants/${ctx.tenant.slug}/dial-profiles/${body.id}`;
        const answer = { status: 201 as const, body, version: body.version, location };
        await ctx.remember?.(work.tx, answer);
        return answer;
      }),
  });

  const change = defineRoute({
    method: 'patch',
    path: `${PROFILES}/:profile`,
    summary: 'Change a dial profile',
    description: '`rules` replaces all of them. The PBX takes the new rules over in one step.',
    tag: 'dial profiles',
    permission: 'profiles:write',
    params,
    body: patchOf(CreateProfile),
    response: { 200: Profile },
    etag: true,
    ifMatch: 'required',
    problems: ['conflict-duplicate', 'is-built-in'],
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) =>
        updateProfile(work, ctx.params.profile, ctx.body, ctx.ifMatch),
      );
      return { status: 200, body, version: body.version };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${PROFILES}/:profile`,
    summary: 'Remove a dial profile',
    tag: 'dial profiles',
    permission: 'profiles:write',
    params,
    query: z.object({
      replaceWith: z.uuid().optional().meta({
        description: 'The profile that its users, and the tenant whose default it is, get instead.',
      }),
    }),
    response: { 204: null },
    ifMatch: 'optional',
    problems: ['profile-in-use', 'is-built-in'],
    handler: async (ctx) => {
      await inTenant(
        db,
        ctx,
        (work) => deleteProfile(work, ctx.params.profile, ctx.query.replaceWith ?? null, ctx.ifMatch),
        { timeout: 25_000 },
      );
      return { status: 204 };
    },
  });

  return [create, change, remove];
}
