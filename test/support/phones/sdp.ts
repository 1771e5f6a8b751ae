/** Session descriptions of a phone with one audio stream: PCMU and RFC 4733 digits. */

export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export type AudioDescription = {
  host: string;
  /** 0: the stream is refused (RFC 3264 section 6). */
  port: number;
  direction: MediaDirection;
  /** Payload type of telephone-event, if the other side takes digits in RTP. */
  digitsPayload?: number;
};

export const PCMU_PAYLOAD = 0;
export const DIGITS_PAYLOAD = 101;

export function formatSdp({ host, port, direction }: AudioDescription, version: number): string {
  return [
    'v=0',
    `o=phone 1 ${version} IN IP4 ${host}`,
    's=-',
    `c=IN IP4 ${host}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${PCMU_PAYLOAD} ${DIGITS_PAYLOAD}`,
    `a=rtpmap:${PCMU_PAYLOAD} PCMU/8000`,
    `a=rtpmap:${DIGITS_PAYLOAD} telephone-event/8000`,
    `a=fmtp:${DIGITS_PAYLOAD} 0-16`,
    'a=ptime:20',
    `a=${direction}`,
    '',
  ].join('\r\n');
}

/** @returns null when the body describes no audio. */
export function parseSdp(body: string): AudioDescription | null {
  const [session = '', ...streams] = body.split(/^(?=m=)/m);
  const media = streams.find((stream) => stream.startsWith('m=audio '));
  if (!media) return null;
  const connection = /^c=IN IP4 (\S+)/m.exec(media) ?? /^c=IN IP4 (\S+)/m.exec(session);
  const direction = /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/m;
  const digits = /^a=rtpmap:(\d+) telephone-event\/8000/im.exec(media)?.[1];
  return {
    host: connection?.[1] ?? '0.0.0.0',
    port: Number(/\d+/.exec(media)?.[0]),
    direction: (direction.exec(media)?.[1] ?? direction.exec(session)?.[1] ?? 'sendrecv') as MediaDirection,
    ...(digits === undefined ? {} : { digitsPayload: Number(digits) }),
  };
}

/** What to answer to an offered direction (RFC 3264 section 6.1). */
export function answeringDirection(offered: MediaDirection): MediaDirection {
  const answers = {
    sendrecv: 'sendrecv',
    sendonly: 'recvonly',
    recvonly: 'sendonly',
    inactive: 'inactive',
  } as const;
  return answers[offered];
}
