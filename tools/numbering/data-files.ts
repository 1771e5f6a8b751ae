import { createRequire } from 'node:module';
import { compilePlan } from './compile-plan.ts';
import { compileEmergencyNumbers, compileShortCodes } from './compile-short-codes.ts';
import { compileWays } from './compile-ways.ts';

/**
 * The generated modules of src/domain/dialling/data: file name → text. They are TypeScript with one string in it,
 * so that the build needs no copying of assets and the domain reads no files.
 */
export function dataFiles(): Map<string, string> {
  return new Map([
    [
      'plan.ts',
      moduleOf(
        'PLAN',
        PLAN_ABOUT,
        [...compilePlan()].map(([prefix, value]) => `${prefix} ${value}`),
      ),
    ],
    ['ways.ts', moduleOf('WAYS', WAYS_ABOUT, linesByCountry(compileWays()))],
    ['short-codes.ts', moduleOf('SHORT_CODES', SHORT_CODES_ABOUT, linesByCountry(compileShortCodes()))],
    [
      'emergency.ts',
      moduleOf('EMERGENCY_NUMBERS', EMERGENCY_ABOUT, linesByCountry(compileEmergencyNumbers())),
    ],
  ]);
}

const PLAN_ABOUT = `The numbering plan of the world: \`prefix zone:length:mask\`. The longest prefix of an E.164 number (without
plus) decides; the mask's letters are the classes of numbers of that many digits in all, one more, and so on;
\`-\` is unassigned.`;

const WAYS_ABOUT = `How numbers are dialled in each country: \`country prefix strip:prepend\`; see docs/dialling.md. \`prefix=length\`
holds for strings of exactly that length, \`any\` for all that no other row covers; \`written\` is how the country's
carriers write numbers, \`national prefix:international prefix\`.`;

const SHORT_CODES_ABOUT = `Short codes of each country: \`country prefix length:mask\`, as in plan.ts; \`=code\` holds for exactly this code.`;

const EMERGENCY_ABOUT = `Emergency numbers of each country: \`country dialled sent\`. \`any\` is for a country that is not known.`;

function linesByCountry(rows: Map<string, Map<string, string>>): string[] {
  return [...rows]
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([country, entries]) =>
      [...entries].sort(([a], [b]) => compare(a, b)).map(([key, value]) => `${country} ${key} ${value}`),
    );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function moduleOf(name: string, about: string, lines: readonly string[]): string {
  const sources = `Compiled by \`npm run numbering\` from libphonenumber-js ${versionOf('libphonenumber-js')} and google-libphonenumber ${versionOf('google-libphonenumber')}: do not edit.`;
  const comment = [...about.split('\n'), sources].map((line) => ` * ${line}`).join('\n');
  return `/**\n${comment}\n */\nexport const ${name}: string = \`\n${lines.join('\n')}\n\`;\n`;
}

function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  return (require(`${name}/package.json`) as { version: string }).version;
}
