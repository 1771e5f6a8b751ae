import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { asteriskProgram } from '../src/local/asterisk/program.ts';
import { postgresBinaries } from '../src/local/postgres-binaries.ts';
import { asteriskRoot } from './stack.ts';
import type { Table } from './table.ts';

/** What the figures were measured on. */
export async function machine(): Promise<Table> {
  const { command, args } = asteriskProgram(await asteriskRoot());
  const asterisk = execFileSync(command, [...args, '-V'], { encoding: 'utf8' });
  const postgres = execFileSync(postgresBinaries().postgres, ['--version'], { encoding: 'utf8' });
  return {
    title: 'machine',
    columns: ['what', 'is'],
    rows: [
      ['processor', `${cpus().length} cores, ${cpus()[0]!.model.trim()}`],
      ['memory', `${Math.round(totalmem() / 2 ** 30)} GB`],
      [
        'load before',
        loadavg()
          .map((load) => load.toFixed(1))
          .join(' '),
      ],
      ['versions', `Node ${process.versions.node}, ${asterisk.trim()}, ${postgres.trim()}`],
    ],
  };
}
