import { z } from 'zod';

/** When something happened, in ISO 8601 with zone. */
export const instant = z.iso.datetime();

/** Who did something, as it was known then: the name stays though the key or the user goes. */
export const Who = z.object({ kind: z.string(), id: z.string(), name: z.string() }).meta({ id: 'Who' });
export type Who = z.output<typeof Who>;

/** What was stored as it was: fields by name. (`z.json()` is recursive, which the OpenAPI generator cannot write down.) */
export const Stored = z.record(z.string(), z.unknown());
export type Stored = z.output<typeof Stored>;
