import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DigestCredentials } from './digest.ts';
import { closeLater } from './open-phones.ts';
import type { Address } from './sip-socket.ts';
import { freeUdpPort, SippProcess } from './sipp-process.ts';

const STATISTICS_FILE = 'statistics.csv';
/** For what is still unanswered when nothing more is begun; 7 retransmissions take 23.5 s. */
const LAST_ANSWERS_MS = 45_000;

export type RegisterLoadOptions = {
  server: Address;
  credentials: readonly DigestCredentials[];
  /** Registrations begun per second. */
  rate: number;
  /** Seconds, in the Expires header; default 300. */
  expires?: number;
  localIp?: string;
  /**
   * How often a request is sent again, after 0.5 s, 1 s, 2 s, 4 s, 4 s … A request that is then not
   * answered within the next wait is lost: after 7.5 s with the default of 3.
   */
  retransmissions?: number;
};

export type RegisterReport = {
  /** Registrations begun: each is a REGISTER, its challenge, and a REGISTER with the answer. */
  sent: number;
  ok: number;
  /** Answered, but neither accepted nor challenged once: 401 again, 403, 404, 503 … */
  failed: number;
  /** Requests sent again because 500 ms brought no answer. */
  retransmitted: number;
  /** Never answered. */
  lost: number;
};

/** Registers all credentials again and again at a steady rate, until `stop`. */
export function startRegisterLoad(options: RegisterLoadOptions): Promise<RegisterLoad> {
  return RegisterLoad.start(options, []);
}

/** Registers each of the credentials once. */
export async function registerOnce(options: RegisterLoadOptions): Promise<RegisterReport> {
  const { credentials, rate } = options;
  const load = await RegisterLoad.start(options, ['-m', String(credentials.length)]);
  return load.finished((2_000 * credentials.length) / rate + LAST_ANSWERS_MS);
}

export class RegisterLoad {
  readonly #process: SippProcess;

  private constructor(options: RegisterLoadOptions, local: Address, args: string[]) {
    const { server, rate, credentials, retransmissions = 3 } = options;
    const repeats = String(retransmissions);
    this.#process = new SippProcess({
      server,
      local,
      files: { 'scenario.xml': registerScenario(options), 'credentials.csv': credentialsFile(credentials) },
      args: [
        ...['-inf', 'credentials.csv', '-r', String(rate), '-l', '100000', '-buff_size', '4194304'],
        ...['-max_retrans', repeats, '-max_non_invite_retrans', repeats],
        ...['-trace_stat', '-stf', STATISTICS_FILE, '-fd', '1'],
        ...args,
      ],
    });
  }

  static async start(options: RegisterLoadOptions, args: string[]): Promise<RegisterLoad> {
    const host = options.localIp ?? '127.0.0.1';
    return closeLater(new RegisterLoad(options, { host, port: await freeUdpPort(host) }, args));
  }

  /** What has happened so far; sipp writes its figures once a second. */
  report(): RegisterReport {
    const file = path.join(this.#process.folder, STATISTICS_FILE);
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    const names = lines[0]?.split(';') ?? [];
    const values = lines.length > 1 ? lines.at(-1)!.split(';') : [];
    const figure = (name: string) => Number(values[names.indexOf(name)] ?? 0);
    const lost = figure('FailedMaxUDPRetrans(C)');
    const refused = figure('refused(C)');
    return {
      sent: figure('TotalCallCreated'),
      ok: figure('SuccessfulCall(C)') - refused,
      failed: figure('FailedCall(C)') - lost + refused,
      retransmitted: figure('Retransmissions(C)'),
      lost,
    };
  }

  /** Begins no more, waits for the answers that are still to come, and reports. */
  async stop(): Promise<RegisterReport> {
    this.#process.signal('SIGUSR1');
    return this.finished(LAST_ANSWERS_MS);
  }

  /** Resolves when sipp has done all that it was told to do; fails when that takes longer than `within` ms. */
  async finished(within: number): Promise<RegisterReport> {
    const late = setTimeout(() => this.#process.signal('SIGKILL'), within);
    await this.#process.ended;
    clearTimeout(late);
    if (this.#process.killed)
      throw new Error(`sipp was not done after ${within} ms: ${JSON.stringify(this.report())}`);
    const report = this.report();
    await this.close();
    if (report.sent === 0) throw new Error(`sipp registered nobody: ${this.#process.lastWords}`);
    return report;
  }

  async close(): Promise<void> {
    await this.#process.close();
  }
}

/** sipp's injection file: fields end at a semicolon, and it knows no way to quote one. */
function credentialsFile(credentials: readonly DigestCredentials[]): string {
  const lines = credentials.map(({ user, password }) => {
    if (/[;\s[\]]/.test(user + password)) throw new Error(`sipp cannot carry the credentials of ${user}`);
    return `${user};[authentication username=${user} password=${password}]`;
  });
  return `SEQUENTIAL\n${lines.join('\n')}\n`;
}

/**
 * A PBX that was slow challenges a repeated first REGISTER again, with another nonce, which sipp does not
 * take for a repetition. Only a challenge of the second one is a refusal.
 */
const SECOND_CHALLENGE =
  '<action><ereg regexp="^ *2 " search_in="hdr" header="CSeq:" assign_to="second"/></action>';

function registerScenario({ server, expires = 300 }: RegisterLoadOptions): string {
  const domain = `${server.host}:${server.port}`;
  const request = (cseq: number) => `
  <send retrans="500"><![CDATA[

REGISTER sip:${domain} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
Max-Forwards: 70
From: <sip:[field0]@${domain}>;tag=[call_number]
To: <sip:[field0]@${domain}>
Call-ID: [call_id]
CSeq: ${cseq} REGISTER
${cseq > 1 ? '[field1]\n' : ''}Contact: <sip:[field0]@[local_ip]:[local_port]>
Expires: ${expires}
Content-Length: 0

]]></send>
  <recv response="100" optional="true"/>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="registrations">${request(1)}
  <recv response="401" auth="true"/>${request(2)}
  <recv response="401" optional="true" next="refused" test="second">${SECOND_CHALLENGE}</recv>
  <recv response="200" next="end"/>
  <label id="refused"/>
  <nop counter="refused"/>
  <label id="end"/>
</scenario>
`;
}
