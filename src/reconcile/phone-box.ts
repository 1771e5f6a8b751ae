import type { SyncLead } from '../db/sync-lead.ts';
import type { Pbx } from '../pbx/port.ts';

const KINDS = {
  always: 'always',
  busy: 'busy',
  noanswer: 'no_answer',
  unregistered: 'unregistered',
} as const;

/**
 * Takes into the database what people set with a code on the phone while nobody may have listened:
 * `pbbox/fwd/<user>/<kind>` holds the target, empty for "no more". An entry is removed only
 * while it still says what was taken over: a second code in the same moment stays for the next look.
 */
export async function takeOverPhoneChanges(pbx: Pbx, lead: SyncLead): Promise<number> {
  const box = await pbx.db.readTree('pbbox');
  for (const [path, target] of box) {
    const [, , userId, kind] = path.split('/');
    const known = kind !== undefined && Object.hasOwn(KINDS, kind);
    if (known && isUuid(userId) && isTarget(target))
      await lead.takeOverForward(userId, KINDS[kind as keyof typeof KINDS], target === '' ? null : target);
    if ((await pbx.db.get(path)) === target) await pbx.db.remove([path]);
  }
  return box.size;
}

function isUuid(text: string | undefined): text is string {
  return text !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

function isTarget(text: string): boolean {
  return text === '' || /^\+?[0-9*#]{2,24}$/.test(text);
}
