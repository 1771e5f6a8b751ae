import { ERROR_CODES } from '../domain/errors.ts';
import { PROBLEMS } from './problem-table.ts';

/** `docs/errors.md`, from the table. The test that compares them also writes it (`vitest -u`). */
export function errorPageMarkdown(): string {
  const sections = ERROR_CODES.map((code) => {
    const { status, title, when, remedy } = PROBLEMS[code];
    return `## ${code}\n**${title}** (HTTP ${status})\n\n${when}\n\n**What to do:** ${remedy}\n`;
  });
  return `${INTRODUCTION}\n${sections.join('\n')}`;
}

const INTRODUCTION = `# Errors, and what to do about each

<!-- Made from src/api/problem-table.ts; to renew it: npx vitest run --project unit test/unit/api/errors.test.ts -u -->

Every error of the API is a problem document (RFC 9457, \`application/problem+json\`). Programs decide by
\`code\`, which never changes its meaning; people read \`detail\`; \`errors\` lists each wrong place as
\`{in, path, message}\`, \`path\` being a JSON Pointer; \`instance\` ends in the request id, under which the
log has more.
`;

/** The page that `type` of a problem points to: `/docs/errors#<code>`. */
export function errorPageHtml(): string {
  const sections = ERROR_CODES.map((code) => {
    const { status, title, when, remedy } = PROBLEMS[code];
    return `<section id="${code}"><h2><code>${code}</code></h2><p><strong>${html(title)}</strong> (HTTP ${status})</p><p>${html(when)}</p><p><strong>What to do:</strong> ${html(remedy)}</p></section>`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Errors - Patchbay</title></head><body><main><h1>Errors, and what to do about each</h1>${sections.join('\n')}</main></body></html>`;
}

function html(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/`([^`]*)`/g, '<code>$1</code>');
}
