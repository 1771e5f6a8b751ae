import type { Group } from '../program.ts';
import { credentialCommands } from './credentials.ts';
import { deletionCommands } from './deletions.ts';
import { extensionCommands } from './extensions.ts';
import { keyCommands } from './keys.ts';
import { lineCommands } from './lines.ts';
import { nodeCommands } from './nodes.ts';
import { numberCommands } from './numbers.ts';
import { tenantCommands } from './tenants.ts';
import { userCommands } from './users.ts';

/** Every command, in the order in which `--help` lists them. */
export const groups: readonly Group[] = [
  tenantCommands,
  userCommands,
  deletionCommands,
  extensionCommands,
  lineCommands,
  credentialCommands,
  numberCommands,
  nodeCommands,
  keyCommands,
];
