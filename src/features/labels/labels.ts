import { z } from 'zod';
import { nameProblem } from '../../domain/users/text.ts';

/** The two vocabularies that a tenant's administrators make up by using them. */
export const LABELS = {
  tag: { table: 'tags', links: 'user_tags', link: 'tag_id' },
  skill: { table: 'skills', links: 'user_skills', link: 'skill_id' },
} as const;
export type LabelKind = keyof typeof LABELS;

/** As many as one user can have of a kind. */
export const MOST_LABELS = 50;

const DIVIDERS: Record<LabelKind, RegExp> = { tag: /;/, skill: /[:;]/ };

/** Signs that divide several in one CSV cell (`billing:3;english:5`) are no part of a name. */
export function labelName(kind: LabelKind) {
  return z.string().superRefine((name, context) => {
    const divider = DIVIDERS[kind].exec(name)?.[0];
    const message = divider ? `Leave out "${divider}".` : nameProblem(name);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });
}

export const Tags = z
  .array(labelName('tag'))
  .max(MOST_LABELS)
  .meta({ description: 'Free words; new ones are made.', example: ['night shift'] });

export const Skills = z
  .array(z.strictObject({ name: labelName('skill'), level: z.int().min(1).max(10) }))
  .max(MOST_LABELS)
  .superRefine((skills, context) => {
    const seen = new Set<string>();
    skills.forEach(({ name }, index) => {
      const word = name.toLowerCase();
      if (seen.has(word))
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'Name each skill once.' });
      seen.add(word);
    });
  })
  .meta({ description: 'New ones are made.', example: [{ name: 'english', level: 5 }] });
export type SkillLevel = { name: string; level: number };
