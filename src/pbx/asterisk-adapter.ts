import { AstDb } from './astdb.ts';
import { AsteriskLink } from './asterisk-link.ts';
import { Calls } from './calls.ts';
import { Contacts } from './contacts.ts';
import { Objects } from './objects.ts';
import type { Pbx } from './port.ts';

export interface AsteriskOptions {
  ami: { host: string; port: number; username: string; secret: string };
  /** `baseUrl` without credentials, e.g. `http://127.0.0.1:8088/ari`. */
  ari: { baseUrl: string; username: string; password: string };
  /** A subscriber has thrown: a defect of ours, which must not end the connection. */
  onDefect: (error: unknown) => void;
  timing?: Partial<AsteriskTiming>;
}

export interface AsteriskTiming {
  /** Entries written at once in a batch. */
  window: number;
  connectMs: number;
  actionMs: number;
  bootMs: number;
  keepAliveMs: number;
  firstRetryMs: number;
  maxRetryMs: number;
  loginRefusedMs: number;
}

const TIMING: AsteriskTiming = {
  window: 64,
  connectMs: 5_000,
  actionMs: 10_000,
  bootMs: 300_000,
  keepAliveMs: 5_000,
  firstRetryMs: 50,
  // Short: a PBX that is back has to be compared and repaired within seconds, and one vain try costs a packet.
  maxRetryMs: 1_000,
  loginRefusedMs: 30_000,
};

/**
 * One Asterisk 22 behind the port. Connects in the background, at once and again after every loss; it
 * counts as connected when AMI has accepted us, all modules are loaded, and ARI answers as well.
 */
export function connectToAsterisk(options: AsteriskOptions): Pbx {
  const timing = { ...TIMING, ...options.timing };
  const link = new AsteriskLink(options, timing);
  const ari = link.ari;
  const db = new AstDb(link.ami, timing.window);
  const contacts = new Contacts(link.ami, ari, db);
  return {
    db,
    objects: new Objects(link.ami, ari, contacts),
    contacts,
    calls: new Calls(ari),
    link,
  };
}
