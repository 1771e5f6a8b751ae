import type { RuleAnswer } from './answers/dialling.ts';

/** A rule of a dial profile in words: `allow fixed, mobile: national`, `deny +4420…`. */
export function ruleText({ action, match }: RuleAnswer): string {
  if (match.kind === 'prefix') return `${action} ${match.prefix}…`;
  const classes = match.classes === 'any' ? 'any number' : [match.classes ?? []].flat().join(', ');
  return `${action} ${classes}: ${whereText(match.where)}`;
}

function whereText(where: RuleAnswer['match']['where']): string {
  if (where === undefined || typeof where === 'string') return where ?? '?';
  return [...(where.countries ?? []), ...(where.zones ?? [])].join(', ');
}
