import type { Group } from '../program.ts';
import { auditCommand } from './audit.ts';
import { callCommands } from './calls.ts';
import { credentialCommands } from './credentials.ts';
import { deletionCommands } from './deletions.ts';
import { explainCommand } from './explain.ts';
import { extensionCommands } from './extensions.ts';
import { keyCommands } from './keys.ts';
import { lineCommands } from './lines.ts';
import { nodeCommands } from './nodes.ts';
import { numberCommands } from './numbers.ts';
import { profileCommands } from './profiles.ts';
import { syncCommands } from './sync.ts';
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
  profileCommands,
  explainCommand,
  callCommands,
  syncCommands,
  nodeCommands,
  auditCommand,
  keyCommands,
];
