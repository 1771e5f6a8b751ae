import type { DriftedFieldAnswer } from '../answers/operations.ts';
import type { Column } from '../table.ts';

interface FieldOf<Owner> {
  owner: Owner;
  field: DriftedFieldAnswer;
}

/** One row for each field that differs. */
export function rowsOfFields<Owner extends { fields: DriftedFieldAnswer[] }>(
  owners: readonly Owner[],
): FieldOf<Owner>[] {
  return owners.flatMap((owner) => owner.fields.map((field) => ({ owner, field })));
}

/** Columns for these rows, after those that say whose they are. */
export function driftColumns<Owner>(...whose: Column<Owner>[]): Column<FieldOf<Owner>>[] {
  return [
    ...whose.map(({ value, ...column }) => ({
      ...column,
      value: ({ owner }: FieldOf<Owner>) => value(owner),
    })),
    { title: 'Entry', value: ({ field }) => field.path },
    { title: 'Field', value: ({ field }) => field.field },
    { title: 'Should be', value: ({ field }) => field.expected },
    { title: 'Found', value: ({ field }) => field.found },
  ];
}
