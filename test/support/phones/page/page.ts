import { type Invitation, type Inviter, type Session, SessionState, Web } from 'sip.js';
import type { AudioStats, PageApi, PageGlobals, PageOptions } from './page-api.ts';
import { Sound } from './sound.ts';

/** A webphone without a face: sip.js as a console would use it, driven from the test. */

const globals = globalThis as unknown as PageGlobals;
const sound = new Sound();
const sessions = new Map<string, Session>();
/** Whom to tell, by session, that its re-INVITE is over. */
const holdings = new Map<string, () => void>();
let manager: Web.SessionManager;

function sessionOf(callId: string): Session {
  const session = sessions.get(callId);
  if (!session) throw new Error(`the browser has no call ${callId}`);
  return session;
}

/** sip.js logs what goes over its WebSocket; that is the only place where whole messages are to be had. */
function reportLogged(content: string): void {
  const sent = content.startsWith('Sending WebSocket message:');
  if (!sent && !content.startsWith('Received WebSocket text message:')) return;
  globals.reportMessage(sent ? 'sent' : 'received', content.slice(content.indexOf('\n\n') + 2, -1));
}

function start({ webSocketUrl, address, user, password, displayName }: PageOptions): Promise<void> {
  sound.becomeMicrophone();
  manager = new Web.SessionManager(webSocketUrl, {
    aor: address,
    maxSimultaneousSessions: 0,
    reconnectionAttempts: 0,
    media: { remote: () => ({ audio: new Audio() }) },
    delegate: {
      onCallReceived: (session) => {
        sessions.set((session as Invitation).request.callId, session);
      },
      onCallHold: (session) => holdings.get(session.id)?.(),
      onCallAnswered: (session) => sound.listen(session.id, remoteStreamOf(session)),
    },
    userAgentOptions: {
      authorizationUsername: user,
      authorizationPassword: password,
      displayName,
      logBuiltinEnabled: false,
      logConnector: (_level, _category, _label, content) => reportLogged(content),
      transportOptions: { server: webSocketUrl, traceSip: true },
      sessionDescriptionHandlerFactoryOptions: {
        iceGatheringTimeout: 500,
        // sip.js would ask a public STUN server otherwise.
        peerConnectionConfiguration: { iceServers: [] },
      },
    },
  });
  return manager.connect();
}

function remoteStreamOf(session: Session): MediaStream {
  return (session.sessionDescriptionHandler as Web.SessionDescriptionHandler).remoteMediaStream;
}

function peerConnectionOf(session: Session): RTCPeerConnection | undefined {
  return (session.sessionDescriptionHandler as Web.SessionDescriptionHandler | undefined)?.peerConnection;
}

async function dial(uri: string): Promise<string> {
  // Rejected is a result here, told by the message; sip.js throws only where it could not send.
  const inviter = (await manager.call(uri, { earlyMedia: true })) as Inviter;
  const { callId } = inviter.request;
  sessions.set(callId, inviter);
  return callId;
}

async function reject(callId: string, statusCode: number, extraHeaders: string[]): Promise<void> {
  await (sessionOf(callId) as Invitation).reject({ statusCode, extraHeaders });
}

async function hangup(callId: string): Promise<void> {
  const session = sessionOf(callId);
  if (session.state !== SessionState.Terminated) await manager.hangup(session);
}

/** Resolves when the re-INVITE is over; sip.js resolves when it is sent, and refuses another one until then. */
async function hold(callId: string, held: boolean): Promise<void> {
  const session = sessionOf(callId);
  const over = new Promise<void>((resolve) => {
    holdings.set(session.id, resolve);
  });
  await (held ? manager.hold(session) : manager.unhold(session));
  await over;
}

/** All digits at once: SessionManager.sendDTMF takes one, and a second one replaces what is still to be sent. */
function sendDigits(callId: string, digits: string): Promise<void> {
  const dtmf = peerConnectionOf(sessionOf(callId))?.getSenders()[0]?.dtmf;
  if (!dtmf) throw new Error('the browser cannot send digits in this call');
  return new Promise((resolve) => {
    dtmf.ontonechange = ({ tone }) => {
      if (tone === '') resolve();
    };
    dtmf.insertDTMF(digits);
  });
}

async function stats(callId: string): Promise<AudioStats> {
  const report = await peerConnectionOf(sessionOf(callId))?.getStats();
  const all = [...(report?.values() ?? [])];
  const inbound = all.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
  const outbound = all.find(({ type, kind }) => type === 'outbound-rtp' && kind === 'audio');
  return {
    bytesSent: outbound?.bytesSent ?? 0,
    bytesReceived: inbound?.bytesReceived ?? 0,
    packetsSent: outbound?.packetsSent ?? 0,
    packetsReceived: inbound?.packetsReceived ?? 0,
    packetsLost: inbound?.packetsLost ?? 0,
    level: inbound?.audioLevel ?? 0,
    codec: all.find(({ id }) => id === inbound?.codecId)?.mimeType ?? '',
  };
}

const api: PageApi = {
  start,
  register: () => manager.register(),
  unregister: () => manager.unregister(),
  dial,
  answer: (callId) => manager.answer(sessionOf(callId)),
  reject,
  hangup,
  hold,
  sendDigits,
  refer: (callId, target) => manager.transfer(sessionOf(callId), target),
  referReplaces: (callId, otherCallId) => manager.transfer(sessionOf(callId), sessionOf(otherCallId)),
  play: (tone) => sound.play(tone),
  hears: (callId, tone, within) => sound.hears(sessionOf(callId).id, tone, within),
  stats,
};

globals.browserPhone = api;
