/** A JSON Schema as zod-to-openapi writes it: the parts that occur. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
}

/** Values by the name of their field, so that what a command looks up is found. */
const BY_NAME: Record<string, unknown> = {
  username: 'ada',
  email: 'ada@example.org',
  extension: '1001',
  e164: '+33155501001',
  slug: 'acme',
  name: 'Sales',
  next: null,
  waiting: 0,
  failed: 0,
};

/** Twelve letters and digits: a text that also passes for the id of a line. */
const TEXT = 'pbq7f2k4m5n6';
const BY_FORMAT: Record<string, string> = {
  uuid: '6f0e1b1c-8a35-4a39-9df0-3b8f0a7c9d11',
  'date-time': '2030-01-31T09:30:00.000Z',
};

/** An invented value of this shape: every optional member there, nothing null that need not be, one entry a list. */
export function sampleOf(
  schema: Schema,
  components: Record<string, Schema>,
  byName: Record<string, unknown> = {},
): unknown {
  const names = { ...BY_NAME, ...byName };
  const inner = (one: Schema): unknown => {
    if (one.$ref) return inner(components[one.$ref.replace('#/components/schemas/', '')]!);
    if (one.const !== undefined) return one.const;
    if (one.enum) return one.enum[0];
    if (one.allOf) return Object.assign({}, ...one.allOf.map(inner));
    const choice = (one.anyOf ?? one.oneOf)?.find((branch) => branch.type !== 'null');
    if (choice) return inner(choice);
    switch ([one.type].flat().find((type) => type !== 'null')) {
      case 'object':
        return Object.fromEntries(
          Object.entries(one.properties ?? {}).map(([name, member]) => [
            name,
            Object.hasOwn(names, name) ? names[name] : inner(member),
          ]),
        );
      case 'array':
        return one.items ? [inner(one.items)] : [];
      case 'string':
        return BY_FORMAT[one.format ?? ''] ?? TEXT;
      case 'integer':
      case 'number':
        return one.minimum ?? 3;
      case 'boolean':
        return true;
      default:
        return null;
    }
  };
  return inner(schema);
}
