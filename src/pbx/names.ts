import { PbxError } from './pbx-error.ts';

/** Family, slash and key must fit into 255 bytes with one more slash before them (`ast_db_put`). */
const MAX_PATH_BYTES = 254;
const OBJECT_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,78}$/;
const DIALPLAN_NAME = /^[A-Za-z0-9_+*#.-]{1,79}$/;

/**
 * Checks a database path and divides it for AMI, which wants family and key apart. Where it is divided
 * makes no difference, see PbxPath.
 */
export function splitPath(path: string): { family: string; key: string } {
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1 || Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new PbxError('pbx-invalid-value', `No database path of the PBX: ${printable(path)}`, {
      at: 'path',
    });
  }
  return { family: path.slice(0, slash), key: path.slice(slash + 1) };
}

export function checkFamily(family: string): void {
  splitPath(`${family}/x`);
}

/**
 * Ids of endpoints, auths and aors stand in paths, in Asterisk's own expressions and in CLI commands:
 * only characters that mean nothing there. `all` means every endpoint to PJSIPSetMaintenance.
 */
export function checkObjectId(id: string): void {
  if (!OBJECT_ID.test(id) || id.toLowerCase() === 'all') {
    throw new PbxError('pbx-invalid-value', `No id of a PBX object: ${printable(id)}`, { at: 'id' });
  }
}

/** Contexts and extensions that stand in a dial string. */
export function checkDialplanName(name: string, at: string): void {
  if (!DIALPLAN_NAME.test(name)) {
    throw new PbxError('pbx-invalid-value', `No dialplan name: ${printable(name)}`, { at });
  }
}

/** `k7f3a` from `PJSIP/k7f3a-0000002a` (a channel) or `PJSIP/k7f3a` (a device); null for others. */
export function endpointOfChannel(name: string): string | null {
  return /^PJSIP\/(.+)-[0-9a-f]{8,}$/.exec(name)?.[1] ?? null;
}

export function endpointOfDevice(device: string): string | null {
  return device.startsWith('PJSIP/') ? device.slice('PJSIP/'.length) : null;
}

/** For messages: short, on one line, without control characters. */
function printable(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
