import { z } from 'zod';
import { displayNameOf } from '../domain/users/display-name.ts';

/** When something happened, in ISO 8601 with zone. */
export const instant = z.iso.datetime();

/** Who did something, as it was known then: the name stays though the key or the user goes. */
export const Who = z.object({ kind: z.string(), id: z.string(), name: z.string() }).meta({ id: 'Who' });
export type Who = z.output<typeof Who>;

/** What was stored as it was: fields by name. (`z.json()` is recursive, which the OpenAPI generator cannot write down.) */
export const Stored = z.record(z.string(), z.unknown());
export type Stored = z.output<typeof Stored>;

/** A user as other resources name one. */
export const UserRef = z
  .object({ id: z.uuid(), name: z.string(), extension: z.string().nullable() })
  .meta({ id: 'UserRef' });
export type UserRef = z.output<typeof UserRef>;

/** What `UserRef` needs of a user's row. */
export const USER_REF = {
  id: true,
  firstName: true,
  lastName: true,
  callerIdName: true,
  extension: { select: { number: true } },
} as const;

export function userRef(row: {
  id: string;
  firstName: string | null;
  lastName: string | null;
  callerIdName: string | null;
  extension: { number: string } | null;
}): UserRef {
  return { id: row.id, name: displayNameOf(row), extension: row.extension?.number ?? null };
}
