import { z } from 'zod';

/** Addresses of a user's lines. */
export const LINES = '/api/v1/tenants/:tenant/users/:user/lines';
export const ofUser = z.object({ user: z.uuid() });
export const ofLine = ofUser.extend({
  line: z.string().regex(/^[a-z0-9]{12}$/, 'Send the id of a line: 12 letters and digits.'),
});
