/** What test/support/global-setup.ts hands to the system suites (vitest's `inject`). */
export type ProvidedAsterisk = {
  /** The folder of the unpacked Asterisk, for suites that start their own. */
  root: string;
  runDir: string;
  pid: number;
  ami: { host: string; port: number; username: string; secret: string };
  ari: { url: string; username: string; secret: string };
  sip: { host: string; port: number };
  webSocketUrl: string;
  logFile: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    /** postgres:// address of the superuser; a suite makes a database of its own. */
    postgresUrl: string;
    asterisk: ProvidedAsterisk;
  }
}
