/** What a test may ask of the page that is a phone (browser-phone.ts calls, page.ts answers). */

export type PageOptions = {
  webSocketUrl: string;
  /** sip:user@domain */
  address: string;
  user: string;
  password: string;
  displayName: string;
};

/** Sums over the call's RTP streams (getStats). */
export type AudioStats = {
  bytesSent: number;
  bytesReceived: number;
  packetsSent: number;
  packetsReceived: number;
  packetsLost: number;
  /** 0 to 1, of what arrives now. */
  level: number;
  /** MIME type of what arrives, such as audio/opus. */
  codec: string;
};

/** Calls are named by their Call-ID. */
export type PageApi = {
  start(options: PageOptions): Promise<void>;
  register(): Promise<void>;
  unregister(): Promise<void>;
  dial(uri: string): Promise<string>;
  answer(callId: string): Promise<void>;
  reject(callId: string, status: number, headers: string[]): Promise<void>;
  hangup(callId: string): Promise<void>;
  hold(callId: string, held: boolean): Promise<void>;
  sendDigits(callId: string, digits: string): Promise<void>;
  refer(callId: string, target: string): Promise<void>;
  referReplaces(callId: string, otherCallId: string): Promise<void>;
  /** The microphone gives this tone (Hz), or silence. */
  play(tone: number | null): void;
  /**
   * Resolves when the tone is most of what is heard, or with what it is after `within` ms: the share
   * (0 to 1) of the energy that lies at the tone.
   */
  hears(callId: string, tone: number, within: number): Promise<number>;
  stats(callId: string): Promise<AudioStats>;
};

/** What the page finds in its window, and what it puts there. */
export type PageGlobals = {
  browserPhone: PageApi;
  /** A SIP message as it went over the WebSocket. */
  reportMessage(direction: 'sent' | 'received', text: string): void;
};
