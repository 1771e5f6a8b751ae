import pg from 'pg';
import { derivedSecret } from '../domain/secrets/derive.ts';

/** Connection strings of the two roles under which the service works. */
export interface ServiceUrls {
  /** Requests: sees one tenant at a time. */
  app: string;
  /** The reconciler: reads every tenant, writes synchronisation state only. */
  sync: string;
}

const ROLES = { app: 'patchbay_app', sync: 'patchbay_sync' } as const;

/**
 * Lets the service's two roles sign in, with passwords derived from the master key, so that one
 * connection string (the migrating owner's) is all that an operator gives. Running replicas
 * derive the same passwords; a new master key sets new ones.
 */
export async function prepareLogins(ownerUrl: string, masterKey: Buffer): Promise<ServiceUrls> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    for (const role of Object.values(ROLES)) await letSignIn(client, role, passwordFor(role, masterKey));
  } finally {
    await client.end();
  }
  return { app: urlFor(ownerUrl, ROLES.app, masterKey), sync: urlFor(ownerUrl, ROLES.sync, masterKey) };
}

function passwordFor(role: string, masterKey: Buffer): string {
  return derivedSecret(masterKey, `database login ${role}`);
}

/** ALTER ROLE takes no parameters; the password is of the base64url alphabet, and the role is one of two constants. */
async function letSignIn(client: pg.Client, role: string, password: string): Promise<void> {
  await client.query('BEGIN');
  try {
    // Two replicas that start together would otherwise fail with "tuple concurrently updated".
    await client.query("SELECT pg_advisory_xact_lock(hashtext('patchbay logins'))");
    await client.query(
      `ALTER ROLE ${client.escapeIdentifier(role)} LOGIN PASSWORD ${client.escapeLiteral(password)}`,
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function urlFor(ownerUrl: string, role: string, masterKey: Buffer): string {
  const url = new URL(ownerUrl);
  url.username = role;
  url.password = passwordFor(role, masterKey);
  return url.toString();
}
