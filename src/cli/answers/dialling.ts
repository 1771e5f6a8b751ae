import type { PersonAnswer } from './operations.ts';

/** As people.ts: the parts that are shown or needed. */

export interface ProfileAnswer {
  id: string;
  name: string;
  /** Which built-in one it is. */
  builtin: string | null;
  rules: RuleAnswer[];
  isDefault: boolean;
  users: number;
  revision: number;
}

export interface RuleAnswer {
  action: string;
  match: { kind: string; prefix?: string; classes?: string | string[]; where?: WhereAnswer };
}

type WhereAnswer = string | { countries?: string[]; zones?: string[] };

interface DecidedAnswer {
  reason: string;
  sentence: string | null;
  /** E.164, or a short code. */
  number: string | null;
  numberClass: string | null;
  zone: string | null;
  /** The rank of the rule that decided, from 1. */
  rule: number | null;
  trials: { rank: number; matched: boolean; rule: RuleAnswer }[];
}

export interface ExplanationAnswer extends DecidedAnswer {
  /** `user`, `outside`, `emergency`, `unassigned` or `refused`. */
  route: string;
  user: PersonAnswer | null;
  profile: { name: string } | null;
  callerId: { from: string; numbers: string[]; withheld: boolean } | null;
}

export interface RuleDecisionAnswer extends DecidedAnswer {
  /** `allow`, `deny` or `emergency`. */
  verdict: string;
}
