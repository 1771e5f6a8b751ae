/** Names for the fields of what stands in AstDB, so that drift can be shown to a person field by field. */

const LIMITS = 'limits (abroad at once, per hour, minutes a day, longest call)';

/** The first pattern that fits a path names the record's fields in order. */
const RECORDS: readonly [RegExp, readonly string[]][] = [
  [/^pb\/tenant\/[^/]+$/, ['country', 'default number', 'trunks', 'language', LIMITS]],
  [
    /^pb\/user\/[^/]+$/,
    ['tenant', 'extension', 'profile', 'number shown', 'caller ID group', 'flags', LIMITS],
  ],
  [
    /^pb\/fwd\/[^/]+$/,
    ['forward always', 'forward busy', 'forward no answer', 'forward not registered', 'seconds to no answer'],
  ],
  [/^pb\/did\/\d+$/, ['tenant', 'user']],
  [/^pb\/trunk\/[^/]+$/, ['tenant', 'number format', 'flags']],
];

/**
 * The fields of one entry by name, as text; an empty one is "none". An entry that holds one thing has the
 * single field `value`. What cannot be read (altered by hand into something else) is shown as it stands.
 */
export function describe(path: string, value: string): Record<string, string> {
  if (path.startsWith('ps_')) return describeObject(value);
  const record = RECORDS.find(([pattern]) => pattern.test(path));
  if (!record) return { value };
  const fields: Record<string, string> = {};
  for (const [index, text] of value.split('|').entries())
    fields[record[1][index] ?? `field ${index + 1}`] = text;
  return fields;
}

/** A password's digest is as good as the password to whoever wants to register with it. */
const SECRET_FIELDS = new Set(['password', 'password_digest', 'md5_cred']);

function describeObject(value: string): Record<string, string> {
  let object: unknown;
  try {
    object = JSON.parse(value);
  } catch {
    return { 'not JSON': `${value.length} characters` };
  }
  if (object === null || typeof object !== 'object' || Array.isArray(object))
    return { 'not an object': `${value.length} characters` };
  return Object.fromEntries(
    Object.entries(object).map(([name, field]) => [
      name,
      SECRET_FIELDS.has(name) ? '(secret)' : String(field),
    ]),
  );
}
