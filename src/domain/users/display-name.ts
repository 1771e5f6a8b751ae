import { lineEntries } from '../pbx/lines.ts';

/** What phones inside show: the caller ID name, else first and last name (as src/db/facts.ts joins them). */
export function displayNameOf(user: {
  callerIdName: string | null;
  firstName: string | null;
  lastName: string | null;
}): string {
  return user.callerIdName ?? [user.firstName, user.lastName].filter(Boolean).join(' ');
}

/** The longest value of one AstDB entry in bytes (src/pbx/port.ts). */
const LONGEST_VALUE = 1017;

/**
 * 100 characters of a script can be 400 bytes, and quotes and backslashes are escaped twice on the way: a name
 * can be within its limit and still not fit into the endpoint's entry. Measured on the entry itself, as
 * the line with the longest record would have it.
 */
export function displayNameProblem(displayName: string): string | null {
  const entries = lineEntries({
    lineId: 'pbaaaaaaaaaa',
    kind: 'webrtc',
    digest: '',
    displayName,
    extension: '999999',
    mayTransfer: false,
  });
  const longest = Math.max(...[...entries.values()].map((value) => Buffer.byteLength(value)));
  const excess = longest - LONGEST_VALUE;
  return excess <= 0
    ? null
    : `The name that phones show is ${excess} bytes too long for the PBX. Shorten it, or give a shorter caller ID name.`;
}
