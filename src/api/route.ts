import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { Actor } from '../domain/actor.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Permission, PlatformPermission } from '../domain/permissions.ts';
import type { RequestContext } from './context.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** `/a/:x/b/:y` -> 'x' | 'y' */
export type ParamNames<P extends string> = P extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer Tail}`
    ? Name | ParamNames<`/${Tail}`>
    : Rest
  : never;

/**
 * Who may call a route. `public`: anybody, without a key. `signed-in`: whoever has a valid key.
 * A tenant permission makes sense only where the address says which tenant.
 */
export type RoutePermission<P extends string> =
  | 'public'
  | (P extends `${string}/:tenant${string}` ? Permission : PlatformPermission | 'signed-in');

/** A response body that is not JSON: `response: { 200: media('image/png') }`. */
export class Media {
  readonly mediaType: string;
  constructor(mediaType: string) {
    this.mediaType = mediaType;
  }
}
export const media = (mediaType: string): Media => new Media(mediaType);

export type ResponseSchema = z.ZodType | Media | null;
export type Responses = Partial<Record<200 | 201 | 202 | 204, ResponseSchema>>;

type BodyOf<S extends ResponseSchema> = S extends z.ZodType
  ? { body: z.input<S> }
  : S extends Media
    ? { body: string | Uint8Array | Readable }
    : { body?: undefined };

type ReplyWith<S, Schema extends ResponseSchema, E> = {
  status: S;
  headers?: Record<string, string>;
} & BodyOf<Schema> &
  // A representation has a version wherever the route promises an ETag.
  (E extends true
    ? S extends 200 | 201
      ? { version: number }
      : { version?: number }
    : { version?: undefined }) &
  // 201 says where the new thing is (RFC 9110, section 15.3.2).
  (S extends 201 ? { location: string } : { location?: string });

/** What a handler returns: one of the declared statuses with its body. */
export type Reply<R extends Responses, E> = {
  [S in keyof R]: R[S] extends ResponseSchema ? ReplyWith<S, R[S], E> : never;
}[keyof R];

type OutputOf<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What a handler receives: see context.ts for what does not depend on the route. */
export type Context<P extends string, Perm, Params, Query, Body> = RequestContext & {
  params: OutputOf<Params>;
  query: OutputOf<Query>;
  body: OutputOf<Body>;
  actor: Perm extends 'public' ? null : Actor;
} & ('tenant' extends ParamNames<P> ? { tenant: TenantRef } : unknown);

/** The tenant that the address names, once it is certain that the actor may know it. */
export type TenantRef = { readonly id: string; readonly slug: string };

type OwnParams<P extends string> = Exclude<ParamNames<P>, 'tenant'>;

/** What must be there depends on the path and the method. */
type Obligations<M extends Method, P extends string> = ([OwnParams<P>] extends [never]
  ? { params?: undefined }
  : { params: z.ZodObject<Record<OwnParams<P>, z.ZodType>> }) &
  // A change says what it takes, even if that is nothing (`body: null`).
  (M extends 'post' | 'put' | 'patch' ? { body: z.ZodType | null } : { body?: undefined });

type Spec<
  M extends Method,
  P extends string,
  Perm,
  Params extends z.ZodObject | undefined,
  Query extends z.ZodObject | undefined,
  Body extends z.ZodType | null | undefined,
  R extends Responses,
  E,
> = {
  method: M;
  /** Express's form: `/api/v1/tenants/:tenant/users/:user`. */
  path: P;
  summary: string;
  description?: string;
  tag: string;
  permission: Perm & RoutePermission<P>;
  /**
   * The user whom the address names (`/users/:user`) may call this with a key of their own, whatever its
   * scopes: everyone may see and steer their own phones.
   */
  ownUser?: P extends `${string}/users/:user${string}` ? boolean : never;
  params?: Params;
  query?: Query;
  body?: Body;
  response: R;
  /** Replies carry a `version`, sent as a strong ETag; reads answer 304 to a matching If-None-Match. */
  etag?: E;
  /** Changes against a version: `ctx.ifMatch` is what the caller last read. */
  ifMatch?: 'required' | 'optional';
  /** Takes an Idempotency-Key: a repeated request gets the first answer. For what creates. */
  idempotent?: boolean;
  /** Understands `Prefer: wait=<seconds>`: `ctx.waitSeconds`. */
  wait?: boolean;
  /** Refusals of its own, for the document: `problems: ['user-in-call']`. */
  problems?: readonly ErrorCode[];
  /** Longest body in bytes; 256 KiB when left out. */
  maxBodyBytes?: number;
  /** Seconds until the caller is told `timed-out`; 30 when left out, to which the wait is added. */
  deadlineSeconds?: number;
  handler: (ctx: Context<P, Perm, Params, Query, Body>) => Promise<Reply<R, E>>;
} & Obligations<M, P>;

/** A route without its types, as the kernel runs and documents it. */
export type Route = {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly permission: Permission | 'public' | 'signed-in';
  readonly ownUser: boolean;
  readonly params: z.ZodObject | null;
  readonly query: z.ZodObject;
  readonly body: z.ZodType | null;
  readonly response: Responses;
  readonly etag: boolean;
  readonly ifMatch: 'required' | 'optional' | null;
  readonly idempotent: boolean;
  readonly wait: boolean;
  readonly problems: readonly ErrorCode[];
  readonly maxBodyBytes: number;
  readonly deadlineSeconds: number;
  readonly handler: (ctx: never) => Promise<AnyReply>;
};

export type AnyReply = {
  status: number;
  body?: unknown;
  version?: number;
  location?: string;
  headers?: Record<string, string>;
};

/**
 * The one way to make a route: path, permission, schemas and handler in one place, from which the
 * OpenAPI document comes too. Objects in query and body refuse unknown members, so that a
 * misspelt field is never silently ignored; response bodies keep only what their schema names, so
 * that a column added later never leaks.
 */
export function defineRoute<
  M extends Method,
  const P extends `/${string}`,
  const Perm extends Permission | 'public' | 'signed-in',
  const R extends Responses,
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | null | undefined = undefined,
  const E extends boolean = false,
>(spec: Spec<M, P, Perm, Params, Query, Body, R, E>): Route {
  if (spec.idempotent && Object.values(spec.response).some((schema) => schema instanceof Media))
    throw new Error(`${spec.path}: an answer that is a stream cannot be kept for an Idempotency-Key`);
  return {
    method: spec.method,
    path: spec.path,
    summary: spec.summary,
    description: spec.description,
    tag: spec.tag,
    permission: spec.permission,
    ownUser: spec.ownUser ?? false,
    params: spec.params ?? null,
    query: (spec.query ?? z.object({})).strict(),
    body: strictAtTheTop(spec.body ?? null),
    response: spec.response,
    etag: spec.etag ?? false,
    ifMatch: spec.ifMatch ?? null,
    idempotent: spec.idempotent ?? false,
    wait: spec.wait ?? false,
    problems: spec.problems ?? [],
    maxBodyBytes: spec.maxBodyBytes ?? 256 * 1024,
    deadlineSeconds: spec.deadlineSeconds ?? 30,
    handler: spec.handler as Route['handler'],
  };
}

/** Objects inside the body are the schema's own affair: write them as `z.strictObject`. */
function strictAtTheTop(body: z.ZodType | null): z.ZodType | null {
  return body instanceof z.ZodObject && body.def.catchall === undefined ? body.strict() : body;
}
