import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { dataFiles } from './data-files.ts';

const folder = path.resolve(import.meta.dirname, '../../src/domain/dialling/data');
for (const [name, text] of dataFiles()) {
  writeFileSync(path.join(folder, name), text);
  const rows = text.split('\n').length;
  console.log(`${name}: ${rows} lines, ${Math.round(text.length / 1024)} KiB`);
}
