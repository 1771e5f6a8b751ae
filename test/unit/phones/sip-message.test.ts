import { expect, test } from 'vitest';
import { answerChallenge, digestAuthorization, parseChallenge } from '../../support/phones/digest.ts';
import { parseSdp } from '../../support/phones/sdp.ts';
import {
  formatNameAddress,
  headerValue,
  headerValues,
  numberUri,
  parseNameAddress,
  parseSipMessage,
  type SipRequest,
  serializeSipMessage,
} from '../../support/phones/sip-message.ts';

test('a message is read with folded lines, compact names and any case, and written back', () => {
  const text = [
    'INVITE sip:1002@127.0.0.1 SIP/2.0',
    'v: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1',
    'VIA: SIP/2.0/UDP 127.0.0.2;branch=z9hG4bK2',
    'f: "Élodie"',
    '  <sip:1001@127.0.0.1>;tag=1',
    'Content-Length: 2',
    '',
    'é',
  ].join('\r\n');
  const message = parseSipMessage(text)!;
  expect(message).toMatchObject({ method: 'INVITE', uri: 'sip:1002@127.0.0.1', body: 'é' });
  expect(headerValues(message, 'Via')).toHaveLength(2);
  expect(headerValue(message, 'From')).toBe('"Élodie" <sip:1001@127.0.0.1>;tag=1');
  expect(parseSipMessage(serializeSipMessage(message))?.body).toBe('é');
  expect(serializeSipMessage(message)).toContain('Content-Length: 2\r\n');
});

test('what is no SIP message is none', () => {
  for (const text of ['', '\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', 'SIP/2.0 abc\r\n\r\n'])
    expect(parseSipMessage(text)).toBeNull();
});

test.each([
  ['"Smith, \\"Al\\" \\\\ x" <sip:1001@pbx:5060;user=phone>;tag=1', 'Smith, "Al" \\ x', '1001', 'pbx:5060'],
  ['Bob <sip:%2B44%201@pbx>', 'Bob', '+44 1', 'pbx'],
  ['<sip:pbx>', '', '', 'pbx'],
  ['sip:1001@pbx;tag=1', '', '1001', 'pbx'],
  ['<tel:+4420123>', '', '+4420123', ''],
  ['"<evil>" <sip:1@a>', '<evil>', '1', 'a'],
])('%s', (value, display, user, host) => {
  expect(parseNameAddress(value)).toMatchObject({ display, user, host });
});

test('a name with quotes, backslashes and emoji comes back as it was', () => {
  for (const name of ['a"b', 'a\\b', 'Zoë 👩🏽‍🚀', '<x>', "O'Neil, Jr."])
    expect(parseNameAddress(formatNameAddress(name, 'sip:1@a')).display).toBe(name);
});

test('a number becomes a URI and a URI stays one', () => {
  expect(numberUri('+44 20', 'pbx')).toBe('sip:+44%2020@pbx');
  expect(numberUri('*21#', 'pbx')).toBe('sip:*21%23@pbx');
  expect(numberUri('sip:PJSIP%2F1@x', 'pbx')).toBe('sip:PJSIP%2F1@x');
});

test('RFC 2617 section 3.5 and RFC 7616 section 3.9.1: the published digests', () => {
  const rfc2617 = parseChallenge(
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
  )!;
  expect(
    digestAuthorization(
      rfc2617,
      { method: 'GET', uri: '/dir/index.html' },
      { user: 'Mufasa', password: 'Circle Of Life' },
      '0a4f113b',
    ),
  ).toContain('response="6629fae49393a05397450978507c4ef1"');
  const rfc7616 = parseChallenge(
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
  )!;
  expect(
    digestAuthorization(
      rfc7616,
      { method: 'GET', uri: '/dir/index.html' },
      { user: 'Mufasa', password: 'Circle of Life' },
      'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    ),
  ).toContain('response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"');
});

test('a challenge is answered once, and again only when the nonce was stale', () => {
  const request: SipRequest = {
    method: 'REGISTER',
    uri: 'sip:a',
    headers: [['CSeq', '1 REGISTER']],
    body: '',
  };
  const credentials = { user: 'u', password: 'p' };
  const challenge = (more = '') => ({
    status: 401,
    reason: 'Unauthorized',
    headers: [['WWW-Authenticate', `Digest realm="r", nonce="n"${more}`] as const],
    body: '',
  });
  const again = answerChallenge(request, challenge(), credentials)!;
  expect(headerValue(again, 'CSeq')).toBe('2 REGISTER');
  expect(answerChallenge(again, challenge(), credentials)).toBeNull();
  expect(answerChallenge(again, challenge(', stale=true'), credentials)).not.toBeNull();
});

test('audio is found in a session description, with the connection and direction that are its own', () => {
  const session = 'v=0\r\nc=IN IP4 1.1.1.1\r\na=sendonly\r\n';
  const video = 'm=video 5 RTP/AVP 99\r\na=inactive\r\n';
  expect(
    parseSdp(`${session}${video}m=audio 7 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n`),
  ).toEqual({
    host: '1.1.1.1',
    port: 7,
    direction: 'sendonly',
    digitsPayload: 96,
  });
  expect(parseSdp(`${session}m=audio 7 RTP/AVP 0\r\nc=IN IP4 2.2.2.2\r\na=recvonly\r\n${video}`)).toEqual({
    host: '2.2.2.2',
    port: 7,
    direction: 'recvonly',
  });
  expect(parseSdp(session + video)).toBeNull();
});
