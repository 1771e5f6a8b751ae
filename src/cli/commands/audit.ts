import type { Command } from 'commander';
import type { AuditAnswer } from '../answers/operations.ts';
import { usage } from '../failure.ts';
import { findUserId } from '../find.ts';
import { instant, type Limited, withLogLimit } from '../options.ts';
import { type Act, readAll, type Session } from '../session.ts';
import type { Column } from '../table.ts';
import { localTime } from '../text.ts';

interface AuditFilter extends Limited {
  user?: string;
  actor?: string;
  action?: string;
  from?: string;
  to?: string;
  platform?: true;
}

const COLUMNS: Column<AuditAnswer>[] = [
  { title: 'At', value: ({ at }) => localTime(at) },
  { title: 'Who', value: ({ actor }) => actor.name },
  { title: 'From', value: ({ ip }) => ip },
  { title: 'What', value: ({ action }) => action, whole: true },
  { title: 'Which', value: ({ objectType, objectId }) => `${objectType} ${objectId}` },
  { title: 'Changed', value: changedFields },
];

export function auditCommand(program: Command, act: Act): void {
  const audit = program
    .command('audit')
    .description('Who changed what, the latest first; --json has before and after')
    .option('--user <user>', 'what was done to this user, also to one who was deleted (by id)')
    .option('--actor <id>', 'by this key or user')
    .option('--action <name>', 'like user.delete')
    .option('--from <instant>', 'from then on', instant)
    .option('--to <instant>', 'before then', instant)
    .option('--platform', "the platform's log instead of the tenant's");
  withLogLimit(audit).action(act(list));
}

async function list(session: Session, { limit, user, platform, ...filter }: AuditFilter): Promise<void> {
  if (platform && user !== undefined)
    throw usage("Users stand in their tenant's log: leave out --user, or --platform.");
  const path = platform ? '/audit' : `${session.tenant()}/audit`;
  const query = { ...filter, user: user && (await findUserId(session, user)) };
  const body = await readAll<AuditAnswer>(session, path, query, limit);
  session.output.table(body, body.items, COLUMNS, 'Nothing of that kind was done.');
  if (body.next) session.output.note('There are more: --limit takes a larger number.');
}

/** Names of the fields that are another afterwards. */
function changedFields({ before, after }: AuditAnswer): string {
  if (before === null || after === null) return '';
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .filter((name) => name !== 'version' && name !== 'updatedAt')
    .join(', ');
}
