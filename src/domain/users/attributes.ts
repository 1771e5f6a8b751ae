import { nameProblem } from './text.ts';

/** What a tenant keeps about its users beyond the built-in fields. */
export const ATTRIBUTE_TYPES = ['text', 'number', 'choice', 'list', 'boolean', 'date', 'secret'] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

export type AttributeValue = string | number | boolean | string[];

export type AttributeDefinition = {
  key: string;
  label: string;
  type: AttributeType;
  /** Of a choice: what may be chosen. Of a list: the same, or empty for any words. */
  choices: string[];
  required: boolean;
};

const LONGEST_TEXT = 1000;
const MOST_ITEMS = 50;

/** What is wrong with a value, as a sentence that says what to send instead and never quotes it: it may be a secret. */
export function attributeProblem(
  { type, choices }: Pick<AttributeDefinition, 'type' | 'choices'>,
  value: AttributeValue,
): string | null {
  switch (type) {
    case 'number':
      return typeof value === 'number' ? null : 'Send a number.';
    case 'boolean':
      return typeof value === 'boolean' ? null : 'Send true or false.';
    case 'text':
    case 'secret':
      return typeof value === 'string' ? nameProblem(value, LONGEST_TEXT) : 'Send a text.';
    case 'date':
      return typeof value === 'string' && isDate(value) ? null : 'Send a date, like 2026-12-31.';
    case 'choice':
      return typeof value === 'string' && choices.includes(value) ? null : oneOf(choices);
    case 'list':
      return Array.isArray(value) ? listProblem(choices, value) : 'Send a list of words.';
  }
}

function listProblem(choices: readonly string[], items: readonly string[]): string | null {
  if (items.length > MOST_ITEMS) return `Send at most ${MOST_ITEMS} words.`;
  if (new Set(items).size < items.length) return 'Send each word once.';
  if (choices.length > 0) return items.every((item) => choices.includes(item)) ? null : oneOf(choices);
  return items.map((item) => nameProblem(item)).find((problem) => problem !== null) ?? null;
}

function oneOf(choices: readonly string[]): string {
  return `Choose from: ${choices.join(', ')}.`;
}

/** A day that exists: 2026-02-30 does not. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** What contact-centre routers and dialers ask about an agent; added to a tenant by one call. */
export const DIALER_ATTRIBUTES: readonly AttributeDefinition[] = [
  attribute('channels', 'Channels', 'list', ['voice', 'email', 'chat', 'sms']),
  attribute('capacity', 'Capacity', 'number'),
  attribute('speechRecognition', 'Speech recognition', 'boolean'),
  attribute('speechLanguage', 'Speech language', 'text'),
  attribute('autoDial', 'Auto dial', 'boolean'),
  attribute('leadAssignment', 'Lead assignment', 'choice', ['none', 'manual', 'automatic']),
];

function attribute(
  key: string,
  label: string,
  type: AttributeType,
  choices: string[] = [],
): AttributeDefinition {
  return { key, label, type, choices, required: false };
}
