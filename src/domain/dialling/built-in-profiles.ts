import type { RuledClass } from './number-class.ts';
import type { DialProfile, DialRule, Where } from './profile.ts';

export const BUILT_IN_PROFILES = ['internal', 'national', 'national-special', 'international'] as const;
export type BuiltInProfile = (typeof BUILT_IN_PROFILES)[number];

/**
 * Numbers that cost what an ordinary call costs. Besides fixed and mobile these are toll-free ones, the VoIP ranges that
 * are people's home numbers (France's 09, Germany's 032), and company access numbers (the United
 * Kingdom's 03, the Netherlands' 088).
 */
const ORDINARY: readonly RuledClass[] = ['fixed', 'mobile', 'fixed-or-mobile', 'toll-free', 'voip', 'uan'];

function rule(action: DialRule['action'], classes: 'any' | readonly RuledClass[], where: Where): DialRule {
  return { action, match: { kind: 'class', classes, where } };
}

/**
 * The profiles that every tenant has; they read the same in each country, because rules speak of `national`.
 *
 * - internal: extensions and emergency numbers only.
 * - national: ordinary numbers of the country.
 * - national-special: every number of the country, its short codes, premium and shared-cost numbers included.
 * - international: that, and ordinary numbers of the world. Closed, because nobody calls them but by fraud or
 *   mistake: satellite phones, high-risk zones (zones.ts) and, abroad, premium, shared-cost, personal, pager and
 *   voicemail numbers. Whoever needs one makes a profile that allows it before.
 */
export function builtInProfile(name: BuiltInProfile): DialProfile {
  return { rules: RULES[name] };
}

const RULES: Record<BuiltInProfile, readonly DialRule[]> = {
  internal: [],
  national: [rule('allow', ORDINARY, 'national')],
  'national-special': [rule('allow', 'any', 'national')],
  international: [
    rule('allow', 'any', 'national'),
    rule('deny', 'any', { zones: ['satellite', 'high-risk'] }),
    rule('deny', ['premium', 'shared-cost', 'personal', 'pager', 'voicemail'], 'international'),
    rule('allow', ORDINARY, 'international'),
  ],
};
