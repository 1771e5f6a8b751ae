import { type BuiltInProfile, builtInProfile } from '../domain/dialling/built-in-profiles.ts';
import { compileProfile } from '../domain/dialling/compile-profile.ts';
import { profileEntries } from '../domain/dialling/pbx-entries.ts';
import type { DialProfile, DialRule } from '../domain/dialling/profile.ts';
import { problemsOf } from '../domain/dialling/profile-problems.ts';
import type { ProfileFacts } from '../domain/sync/facts.ts';
import type { Entries } from './plan.ts';

/** The profile that a row of the database stands for; a built-in one is in the program, not in rows. */
export function profileOf({ builtin, rules }: Pick<ProfileFacts, 'builtin' | 'rules'>): DialProfile {
  if (builtin !== null) return builtInProfile(builtin as BuiltInProfile);
  return {
    rules: rules.map(({ verdict, target }) => ({ action: verdict, match: target as DialRule['match'] })),
  };
}

/**
 * A profile's rows on the PBX. One with a rule that makes no sense (it did not come through the API) has none: the
 * PBX then lets its users call extensions and emergency numbers, and nothing else.
 */
export function entriesOfProfile(facts: ProfileFacts): Entries {
  const profile = profileOf(facts);
  if (problemsOf(profile).length > 0) return new Map();
  return profileEntries(facts.id, facts.revision, compileProfile(profile, facts.country));
}
