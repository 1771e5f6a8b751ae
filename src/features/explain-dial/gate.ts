import { type Decision, type DialPath, decide } from '../../domain/dialling/decide.ts';
import type { DialProfile } from '../../domain/dialling/profile.ts';

/** What a dialled string can come to. As PB_ROUTE in asterisk-config/extensions/gate.conf. */
export type Route = 'user' | 'outside' | 'emergency' | 'unassigned' | 'refused';

/** The user as the gate knows one. */
export interface Dialler {
  country: string;
  profile: DialProfile | null;
  /** Suspended and pending users are nobody to the PBX. */
  active: boolean;
  /** Behind the fence of a deletion that is being decided. */
  fenced: boolean;
  allowOutbound: boolean;
  allowTransfer: boolean;
  /** Numbers to show, in the order in which they are tried; the first is shown. */
  shown: readonly { number: string; from: 'team' | 'user' | 'tenant' }[];
}

/** What the gate looks up in the tenant: users by extension, SIP account and number. */
export interface Directory<User> {
  byExtension(extension: string): Promise<User | null>;
  byAlias(alias: string): Promise<User | null>;
  /** Undefined: not a number of the tenant. Null: one that nobody has. */
  byNumber(e164: string): Promise<User | null | undefined>;
}

export interface Passage<User> {
  route: Route;
  reason: string;
  /** Whom it reaches without leaving the PBX. */
  user: User | null;
  decision: Decision | null;
}

/**
 * What the dialplan does with what a user dials, in the same order (pb-gate in gate.conf, then pb-outside in
 * outbound.conf); the decision about numbers is `decide`, which is compared with the PBX on thousands of calls. Only
 * what the PBX alone counts is left out: whether a limit is reached at this moment.
 */
export async function passThroughGate<User>(
  dialler: Dialler,
  asked: string,
  path: DialPath,
  directory: Directory<User>,
): Promise<Passage<User>> {
  const refused = (reason: string, decision: Decision | null = null): Passage<User> => ({
    route: 'refused',
    reason,
    user: null,
    decision,
  });
  if (!dialler.active) return refused('user-not-active');
  const inside = (user: User, decision: Decision | null): Passage<User> => {
    const reason = obstacle(dialler, path);
    return reason ? refused(reason, decision) : { route: 'user', reason: 'colleague', user, decision };
  };

  if (/[a-z]/i.test(asked)) {
    const user = isAccount(asked) ? await directory.byAlias(asked.toLowerCase()) : null;
    return user ? inside(user, null) : refused('unknown-account');
  }
  const decision = decide({ country: dialler.country, profile: dialler.profile, dialled: asked, path });
  if (decision.verdict === 'emergency')
    return { route: 'emergency', reason: 'emergency', user: null, decision };
  if (decision.reason === 'emergency-on-forward' || isMalformed(decision))
    return refused(decision.reason, decision);

  const colleague = await directory.byExtension(asked.replace(/[^0-9+*#]/g, ''));
  if (colleague) return inside(colleague, decision);
  const owner = decision.number.startsWith('+') ? await directory.byNumber(decision.number) : undefined;
  if (owner) return inside(owner, decision);
  if (owner === null) return { route: 'unassigned', reason: 'unassigned-number', user: null, decision };
  const reason = outsideObstacle(dialler, path, decision);
  return reason
    ? refused(reason, decision)
    : { route: 'outside', reason: decision.reason, user: null, decision };
}

function outsideObstacle(dialler: Dialler, path: DialPath, decision: Decision): string | null {
  if (decision.verdict !== 'allow') return decision.reason;
  if (!dialler.allowOutbound) return 'outside-calls-off';
  return obstacle(dialler, path) ?? (dialler.shown.length === 0 ? 'no-caller-id' : null);
}

/** What stands in the way of every call that is no emergency call. */
function obstacle({ fenced, allowTransfer }: Dialler, path: DialPath): string | null {
  if (path === 'transfer' && !allowTransfer) return 'transfers-off';
  return fenced ? 'fenced' : null;
}

const isAccount = (asked: string) => /^[a-z0-9._+-]+$/i.test(asked);

const isMalformed = ({ reason }: Decision) =>
  reason === 'empty' || reason === 'invalid-characters' || reason === 'too-long';
