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

/**
 * One message from Asterisk, in the order of its lines. A name may come several times (`Output`).
 *
 * It keeps the text and takes it apart when a field is asked for: of the 130,000 messages of a comparison nobody asks
 * for more than the three things that have a getter here (fields of all of them took a fifth of a second).
 */
export class AmiMessage {
  readonly text: string;
  #fields: readonly AmiField[] | null = null;

  /** The lines, without the empty line that ended them. */
  constructor(text: string) {
    this.text = text;
  }

  get fields(): readonly AmiField[] {
    this.#fields ??= readFields(this.text);
    return this.#fields;
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
    return this.text.startsWith('Response:');
  }

  /** `start`, `Complete` or `cancelled` on what begins or ends a list, undefined on its items. */
  get listMark(): string | undefined {
    return this.text.includes('\r\nEventList:') ? this.get('EventList') : undefined;
  }

  /**
   * The id of the action that this message belongs to. The last line counts: in list items Asterisk
   * writes it after the values, so a stored value with a line break in it cannot pose as another action.
   */
  get actionId(): string | undefined {
    const begin = this.text.lastIndexOf(ACTION_ID);
    if (begin < 0) return undefined;
    const end = this.text.indexOf('\r\n', begin + ACTION_ID.length);
    return this.text.slice(begin + ACTION_ID.length, end < 0 ? undefined : end);
  }
}

const ACTION_ID = '\r\nActionID: ';

/**
 * A line without a name continues the value before it: AstDB values that somebody wrote by other means
 * than AMI may contain line breaks.
 */
function readFields(text: string): AmiField[] {
  const fields: AmiField[] = [];
  for (const line of text.split('\r\n')) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    const last = fields.at(-1);
    if (colon > 0) {
      fields.push([line.slice(0, colon), line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)]);
    } else if (last) {
      fields[fields.length - 1] = [last[0], `${last[1]}\r\n${line}`];
    }
  }
  return fields;
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
