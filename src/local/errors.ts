/**
 * What can go wrong with the embedded servers, as a closed set: `npm start` decides by the code whether
 * it may go on without a PBX, and prints message and remedy as they are.
 */
export type LocalErrorCode =
  | 'asterisk_unavailable'
  | 'asterisk_download_failed'
  | 'asterisk_not_started'
  | 'asterisk_command_failed'
  | 'postgres_unavailable'
  | 'postgres_not_started'
  | 'secret_key_unusable'
  | 'busy';

export class LocalError extends Error {
  readonly code: LocalErrorCode;
  /** One sentence in the imperative: what the reader can do about it. */
  readonly remedy: string;

  constructor(code: LocalErrorCode, message: string, remedy: string) {
    super(message);
    this.name = 'LocalError';
    this.code = code;
    this.remedy = remedy;
  }
}
