import { randomBytes } from 'node:crypto';
import { PbxError } from '../pbx-error.ts';
import { type AmiField, type AmiMessage, encodeAction } from './message.ts';

/** The answer to one action: its response, and for lists the events that followed it. */
export interface AmiAnswer {
  response: AmiMessage;
  items: AmiMessage[];
}

export interface AmiQuestion {
  action: string;
  fields: readonly AmiField[];
  /** Counted from the moment the question is asked, so that nobody waits longer, queued or not. */
  deadlineMs: number;
}

/**
 * The answer to everything from the moment on at which Asterisk has been told to stop (`process_message`
 * in main/manager.c); with `core stop gracefully` that is as long as the longest call.
 */
const SHUTTING_DOWN = 'Asterisk is shutting down';

interface Pending {
  readonly id: string;
  readonly action: string;
  readonly text: string;
  readonly resolve: (answer: AmiAnswer) => void;
  readonly reject: (error: PbxError) => void;
  timer: NodeJS.Timeout;
  /** When it was handed to the socket, as performance.now(); null while it waits for its turn. */
  sentAt: number | null;
  response: AmiMessage | null;
  items: AmiMessage[];
}

/**
 * Questions and answers on one connection, transport left out.
 *
 * At most `window` actions are under way; the others wait in the order in which they were asked.
 * Asterisk works off the actions of one connection one after the other, so the window hides the way
 * there and back, no more: 64 in flight write 30,000 entries in a third of a second, and a single
 * question that comes in between waits for 64 short actions at the most.
 */
export class AmiExchange {
  readonly #window: number;
  readonly #send: (text: string) => void;
  /** Called when the peer turns out to be of no use: it is silent, or says that it is shutting down. */
  readonly #onUseless: (error: PbxError) => void;
  /** Makes our ids unlike those of other connections, whose answers Asterisk may broadcast. */
  readonly #prefix = randomBytes(4).toString('hex');
  #count = 0;
  /** From `#next` on: not sent yet. Those before have been let go: an answer of 20 MB must not live on here. */
  #waiting: (Pending | null)[] = [];
  #next = 0;
  #inFlight = new Map<string, Pending>();
  #ended: PbxError | null = null;
  #heardAt = 0;
  blocked = false;

  constructor(options: {
    window: number;
    send: (text: string) => void;
    onUseless: (error: PbxError) => void;
  }) {
    this.#window = options.window;
    this.#send = options.send;
    this.#onUseless = options.onUseless;
  }

  get idle(): boolean {
    return this.#inFlight.size === 0 && this.#next >= this.#waiting.length;
  }

  /** Rejects with a PbxError; `pbx-refused` when Asterisk's response is an error. */
  ask(question: AmiQuestion): Promise<AmiAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(new PbxError('pbx-not-connected', this.#ended.message, { at: question.action }));
        return;
      }
      const id = `${this.#prefix}-${(this.#count++).toString(36)}`;
      // Throws for values that cannot be sent; inside this function that becomes the rejection.
      const text = encodeAction(question.action, id, question.fields);
      const pending: Pending = {
        id,
        action: question.action,
        text,
        resolve,
        reject,
        timer: setTimeout(() => this.#expire(pending), question.deadlineMs),
        sentAt: null,
        response: null,
        items: [],
      };
      this.#waiting.push(pending);
      this.pump();
    });
  }

  /** Sends what may be sent now. Called again when the socket has drained. */
  pump(): void {
    while (!this.blocked && this.#inFlight.size < this.#window && this.#next < this.#waiting.length) {
      const pending = this.#waiting[this.#next]!;
      this.#waiting[this.#next++] = null;
      if (pending.sentAt !== null) continue;
      pending.sentAt = performance.now();
      this.#inFlight.set(pending.id, pending);
      this.#send(pending.text);
    }
    if (this.#next > 1024 && this.#next * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
  }

  /** To be told of every arrival of bytes, whole messages or not. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** Takes a message that answers one of our actions; false for events that belong to nobody. */
  take(message: AmiMessage): boolean {
    const id = message.actionId;
    if (id === undefined) return message.isResponse;
    const pending = this.#inFlight.get(id);
    // A late answer to an expired action, or an event that another connection's action caused.
    if (!pending) return message.isResponse || id.startsWith(this.#prefix);
    if (message.isResponse) this.#takeResponse(pending, message);
    else this.#takeItem(pending, message);
    return true;
  }

  /** The connection is over: nobody waits any longer, and nothing is counted as done. */
  end(error: PbxError): void {
    if (this.#ended) return;
    this.#ended = error;
    const sent = [...this.#inFlight.values()];
    const unsent = this.#waiting.slice(this.#next).filter((pending) => pending?.sentAt === null) as Pending[];
    this.#inFlight.clear();
    this.#waiting = [];
    this.#next = 0;
    for (const pending of sent) {
      clearTimeout(pending.timer);
      const code = error.code === 'pbx-bad-answer' ? error.code : 'pbx-connection-lost';
      pending.reject(
        new PbxError(code, `${pending.action}: ${error.message}`, { at: pending.action, cause: error }),
      );
    }
    for (const pending of unsent) {
      clearTimeout(pending.timer);
      pending.reject(
        new PbxError('pbx-not-connected', `${pending.action}: ${error.message}`, {
          at: pending.action,
          cause: error,
        }),
      );
    }
  }

  #takeResponse(pending: Pending, message: AmiMessage): void {
    if (pending.response) return;
    if (message.get('Response') === 'Error') {
      // A command that fails says why in its output, others in their message.
      const said = message.all('Output').join(' ') || message.get('Message') || 'no reason given';
      this.#finish(pending);
      if (said.startsWith(SHUTTING_DOWN)) {
        const error = new PbxError('pbx-not-connected', 'The PBX is shutting down', { at: pending.action });
        pending.reject(error);
        this.#onUseless(error);
        return;
      }
      pending.reject(
        new PbxError('pbx-refused', `${pending.action}: ${said.trim()}`, { at: pending.action }),
      );
      return;
    }
    pending.response = message;
    if (message.listMark !== 'start') this.#resolve(pending, message);
  }

  #takeItem(pending: Pending, message: AmiMessage): void {
    if (!pending.response) return;
    const mark = message.listMark;
    if (mark === undefined) {
      pending.items.push(message);
      return;
    }
    const promised = message.get('ListItems');
    if (mark === 'Complete' && (promised === undefined || Number(promised) === pending.items.length)) {
      this.#resolve(pending, pending.response);
      return;
    }
    this.#finish(pending);
    const what = mark === 'Complete' ? `${pending.items.length} of ${promised} list items` : mark;
    pending.reject(new PbxError('pbx-bad-answer', `${pending.action}: ${what}`, { at: pending.action }));
  }

  #resolve(pending: Pending, response: AmiMessage): void {
    this.#finish(pending);
    pending.resolve({ response, items: pending.items });
  }

  #finish(pending: Pending): void {
    clearTimeout(pending.timer);
    this.#inFlight.delete(pending.id);
    this.pump();
  }

  #expire(pending: Pending): void {
    const { sentAt } = pending;
    const error = new PbxError('pbx-timeout', `${pending.action}: no answer in time`, {
      at: pending.action,
      outcome: sentAt === null ? 'not-sent' : 'unknown',
    });
    // Marks a waiting one as done with, so that pump passes over it.
    pending.sentAt ??= 0;
    this.#finish(pending);
    pending.reject(error);
    if (sentAt !== null && this.#heardAt < sentAt) this.#onUseless(error);
  }
}
