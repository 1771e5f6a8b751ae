import { PbxError } from '../pbx-error.ts';

export type AmiField = readonly [name: string, value: string];

/**
 * The longest line, without its CRLF, that Asterisk takes. Its buffer holds 1,024 bytes and the CRLF
 * must fit in as well (`get_input` in main/manager.c). Tried on 22.10: 1,022 bytes are accepted; with
 * more it discards the message, and with some lengths it answers without the ActionID and reads the
 * rest of the line as a new action. So the check has to be here.
 */
const MAX_LINE_BYTES = 1022;
/** `struct message` in include/asterisk/manager.h. */
const MAX_HEADERS = 128;

const HEADER_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
const LINE_BREAKERS = /[\r\n\0]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** One message from Asterisk, in the order of its lines. A name may come several times (`Output`). */
export class AmiMessage {
  readonly fields: readonly AmiField[];

  constructor(fields: readonly AmiField[]) {
    this.fields = fields;
  }

  /** The first value of this name, or undefined. Names are compared as Asterisk writes them. */
  get(name: string): string | undefined {
    for (const field of this.fields) if (field[0] === name) return field[1];
    return undefined;
  }

  /** Every value of this name. */
  all(name: string): string[] {
    return this.fields.filter((field) => field[0] === name).map((field) => field[1]);
  }

  /** Asterisk begins responses with this line and events with another; fields of the dialplan come later. */
  get isResponse(): boolean {
    return this.fields[0]?.[0] === 'Response';
  }

  /**
   * The id of the action that this message belongs to. The last line counts: in list items Asterisk
   * writes it after the values, so a stored value with a line break in it cannot pose as another action.
   */
  get actionId(): string | undefined {
    for (let i = this.fields.length - 1; i >= 0; i--) {
      if (this.fields[i]![0] === 'ActionID') return this.fields[i]![1];
    }
    return undefined;
  }
}

/**
 * The bytes of one action, as text. Throws `pbx-invalid-value`, naming the field, for everything that
 * would not arrive as it was given.
 */
export function encodeAction(action: string, actionId: string, fields: readonly AmiField[]): string {
  if (fields.length + 2 > MAX_HEADERS) {
    throw new PbxError('pbx-invalid-value', `${action}: more than ${MAX_HEADERS} headers`, { at: action });
  }
  let text = `Action: ${action}\r\nActionID: ${actionId}\r\n`;
  for (const [name, value] of fields) {
    checkField(name, value);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}

function checkField(name: string, value: string): void {
  const refuse = (why: string): never => {
    throw new PbxError('pbx-invalid-value', `The field ${name} ${why}`, { at: name });
  };
  if (!HEADER_NAME.test(name)) refuse('has no valid name');
  if (LINE_BREAKERS.test(value)) refuse('contains a line break or a NUL');
  // Asterisk skips all bytes below 33 before a value (ast_skip_blanks); at its end they are kept.
  if (value.charCodeAt(0) < 33) refuse('begins with a blank, which Asterisk would drop');
  if (LONE_SURROGATE.test(value)) refuse('is not well-formed Unicode');
  // No UTF-8 text is longer than three bytes a UTF-16 unit: count only when it could matter.
  if (
    (name.length + value.length) * 3 > MAX_LINE_BYTES - 2 &&
    Buffer.byteLength(value) > MAX_LINE_BYTES - name.length - 2
  ) {
    refuse(`is longer than the ${MAX_LINE_BYTES - name.length - 2} bytes that fit into one line`);
  }
}
