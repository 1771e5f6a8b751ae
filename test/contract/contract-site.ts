import type { PbxEvent } from '../../src/pbx/pbx-event.ts';
import type { Pbx } from '../../src/pbx/port.ts';
import { until } from '../support/until.ts';

/** What the contract needs around a PBX, besides the port that it tries. */
export interface ContractSite {
  pbx: Pbx;
  /** Reads and writes entries by another way than the port. */
  witness: {
    get(path: string): Promise<string | null>;
    put(path: string, value: string): Promise<void>;
  };
  /** A phone that is not registered yet. All lines have the password `contract`. */
  phone(line: string): Promise<ContractPhone>;
  /**
   * The dialplan holds, in context `contract`: `answer`, which answers and waits; `ring`, which rings the
   * line `ringing`; and `tell`, which answers, sends UserEvent(Contract, Given: <GIVEN, percent-encoded>)
   * and waits.
   */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface ContractPhone {
  uri: string;
  /** False when the PBX refuses it. */
  register(): Promise<boolean>;
}

export const PASSWORD = 'contract';

/** The entries of a line, as Patchbay writes them (sorcery.conf). */
export function lineEntries(id: string, maxContacts = 5): [string, string][] {
  return [
    [`ps_auths/auth/${id}`, JSON.stringify({ username: id, password: PASSWORD })],
    [`ps_aors/aor/${id}`, JSON.stringify({ max_contacts: String(maxContacts) })],
    [
      `ps_endpoints/endpoint/${id}`,
      JSON.stringify({ context: 'contract', auth: id, aors: id, allow: '!all,ulaw' }),
    ],
  ];
}

/** Everything that a PBX told since. */
export class EventLog {
  readonly events: PbxEvent[] = [];

  constructor(pbx: Pbx) {
    pbx.link.subscribe((event) => this.events.push(event));
  }

  of<T extends PbxEvent['type']>(type: T): Extract<PbxEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<PbxEvent, { type: T }> => event.type === type);
  }

  first<T extends PbxEvent['type']>(
    type: T,
    matches: (event: Extract<PbxEvent, { type: T }>) => boolean,
  ): Promise<Extract<PbxEvent, { type: T }>> {
    return until(`a ${type} event as wanted`, () => this.of(type).find(matches));
  }
}
