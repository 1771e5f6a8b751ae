import { z } from 'zod';

/**
 * The body of a PATCH from the schema of the whole thing (RFC 7396): every field may be left out
 * and is then untouched (the key is absent from the parsed body), `null` clears a field that may
 * be empty, that is one that the whole schema has as optional or nullable.
 *
 * `.partial()` would not do: it keeps defaults, so that a PATCH of one field would quietly reset
 * all others that have one.
 */
export function patchOf<S extends z.ZodRawShape>(whole: z.ZodObject<S>) {
  const fields = Object.entries(whole.shape).map(([name, field]) => [name, changeOf(field as z.ZodType)]);
  return z.strictObject(Object.fromEntries(fields) as PatchShape<S>);
}

type Bare<F> = F extends
  | z.ZodOptional<infer I>
  | z.ZodNullable<infer I>
  | z.ZodDefault<infer I>
  | z.ZodPrefault<infer I>
  ? Bare<I>
  : F;

type MayBeEmpty<F> = F extends z.ZodOptional<z.core.SomeType> | z.ZodNullable<z.core.SomeType>
  ? true
  : F extends z.ZodDefault<infer I> | z.ZodPrefault<infer I>
    ? MayBeEmpty<I>
    : false;

type PatchShape<S extends z.ZodRawShape> = {
  [K in keyof S]: Bare<S[K]> extends infer B extends z.core.SomeType
    ? z.ZodOptional<MayBeEmpty<S[K]> extends true ? z.ZodNullable<B> : B>
    : never;
};

function changeOf(field: z.ZodType): z.ZodType {
  let bare: z.core.SomeType = field;
  let mayBeEmpty = false;
  for (;;) {
    if (bare instanceof z.ZodOptional || bare instanceof z.ZodNullable) mayBeEmpty = true;
    else if (!(bare instanceof z.ZodDefault || bare instanceof z.ZodPrefault)) break;
    bare = bare.unwrap();
  }
  const value = bare as z.ZodType;
  const change = (mayBeEmpty ? value.nullable() : value).optional();
  const about = field.meta();
  // What the documentation says about the field holds for its change too; an id would name two schemas.
  return about === undefined ? change : change.meta({ ...about, id: undefined });
}
