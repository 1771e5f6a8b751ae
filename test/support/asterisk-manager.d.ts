/** asterisk-manager 0.2.0 brings no types: what the witness uses of it. */
declare module 'asterisk-manager' {
  import { EventEmitter } from 'node:events';

  export default class Manager extends EventEmitter {
    constructor(port: number, host: string, username: string, password: string, events: boolean);
    action(action: Record<string, string>, callback: (error: unknown, answer: unknown) => void): string;
    disconnect(): void;
  }
}
