import type { SipHeader } from './sip-message.ts';

/** What a phone does with a call that comes in. */
export type AnswerPlan = {
  /** true: at once (the default); a number: after so many milliseconds; false: ring until the test answers. */
  answer?: boolean | number;
  /** Say 180 first (default true; a browser always does). */
  ringing?: boolean;
  /** Refuse with this status instead: 486 busy, 603 decline, 480, 503 … (a sipp phone: one of REFUSALS). */
  status?: number;
  /** Answer 302 with this URI in Contact instead. */
  moved?: string;
  /** More headers for the 200, the refusal or the 302 (not for a sipp phone). */
  headers?: SipHeader[];
};

/** What a phone can refuse with, and what it says then. */
export const REFUSALS = {
  302: 'Moved Temporarily',
  403: 'Forbidden',
  404: 'Not Found',
  480: 'Temporarily Unavailable',
  486: 'Busy Here',
  503: 'Service Unavailable',
  603: 'Decline',
} as const;

export type RefusalStatus = keyof typeof REFUSALS;
