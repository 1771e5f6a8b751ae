/**
 * A subject owns a set of entries on a node and is synchronised as a whole: `user:<id>` owns the user's
 * record, lines, extension and forwarding. The database's triggers write these names (prisma/migrations).
 */
export type SubjectKind = 'tenant' | 'user' | 'number' | 'profile' | 'callerid-group' | 'trunk';

/**
 * `all`: compare everything. `plan`: the numbering plan, the same on every node. `stock`: spare lines.
 * `stray`: entries in our families that nothing in the database accounts for.
 */
export type Subject = `${SubjectKind}:${string}` | 'all' | 'plan' | 'stock' | 'stray';

export function subjectOf(kind: SubjectKind, id: string): Subject {
  return `${kind}:${id}`;
}

/** Ids by kind, of those subjects that stand for a row. */
export function idsByKind(subjects: Iterable<string>): Record<SubjectKind, string[]> {
  const ids: Record<SubjectKind, string[]> = {
    tenant: [],
    user: [],
    number: [],
    profile: [],
    'callerid-group': [],
    trunk: [],
  };
  for (const subject of subjects) {
    const colon = subject.indexOf(':');
    if (colon < 0) continue;
    const kind = subject.slice(0, colon);
    if (kind in ids) ids[kind as SubjectKind].push(subject.slice(colon + 1));
  }
  return ids;
}
