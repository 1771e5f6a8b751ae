import { z } from 'zod';

/**
 * The parts of ARI's answers that are read here (models in rest-api/api-docs of Asterisk's source).
 * Fields that Asterisk adds are ignored; one that goes missing is an error at this door, not later.
 */

/** `2026-11-21T21:20:50.815+0000`: ISO 8601, but for the colon that is missing in the offset. */
const timestamp = z
  .string()
  .transform((text) => new Date(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')))
  .refine((date) => !Number.isNaN(date.getTime()), 'not a time');

const party = z.object({ name: z.string(), number: z.string() });

/** GET /asterisk/info */
export const asteriskInfo = z.object({
  system: z.object({ version: z.string() }),
  config: z.object({ name: z.string() }),
  status: z.object({ startup_time: timestamp, last_reload_time: timestamp }),
});
export type AsteriskInfo = z.infer<typeof asteriskInfo>;

/** GET /endpoints/PJSIP/{id} */
export const endpoint = z.object({ state: z.string(), channel_ids: z.array(z.string()) });

/** GET /channels/{id} and POST /channels */
export const channel = z.object({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  caller: party,
  connected: party,
  creationtime: timestamp,
  dialplan: z.object({
    context: z.string(),
    exten: z.string(),
    app_name: z.string(),
    app_data: z.string(),
  }),
});
export type AriChannel = z.infer<typeof channel>;

/** GET /channels */
export const channels = z.array(channel);

/** GET /bridges */
export const bridges = z.array(z.object({ channels: z.array(z.string()) }));

/** Errors come as `{"message": …}`, some as `{"error": …}`. */
export const failure = z.union([
  z.object({ message: z.string() }).transform((body) => body.message),
  z.object({ error: z.string() }).transform((body) => body.error),
]);
