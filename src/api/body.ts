import { isUtf8 } from 'node:buffer';
import express, { type Request, type Response } from 'express';
import { DomainError } from '../domain/errors.ts';

/** RFC 7396 describes what our PATCH does, so its type is welcome there too. */
const JSON_TYPE = /^application\/(?:json|merge-patch\+json)\s*(?:;(.*))?$/i;
const CHARSET_UTF8 = /^\s*charset\s*=\s*"?utf-?8"?\s*$/i;

const readers = new Map<number, ReturnType<typeof express.json>>();

/**
 * Reads a JSON body of at most `limit` bytes (after decompression). Called only once the caller is
 * known and allowed, so that strangers cannot make us read and parse.
 * Throws `unsupported-media-type`, `payload-too-large`, `malformed-request`.
 */
export async function readJson(req: Request, res: Response, limit: number): Promise<unknown> {
  checkType(req.headers['content-type'], hasBody(req));
  let reader = readers.get(limit);
  if (!reader) {
    reader = express.json({ limit, type: () => true, strict: false, verify: refuseBrokenUtf8 });
    readers.set(limit, reader);
  }
  const read = reader;
  await new Promise<void>((resolve, reject) => {
    read(req, res, (error?: unknown) => (error ? reject(translated(error, limit)) : resolve()));
  });
  if (req.body === undefined)
    throw new DomainError('malformed-request', 'The request has no body. Send a JSON object.');
  return req.body;
}

function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

function checkType(contentType: string | undefined, bodyComes: boolean): void {
  if (contentType === undefined && !bodyComes) return;
  const match = JSON_TYPE.exec(contentType ?? '');
  const parameters = (match?.[1] ?? '').split(';').filter((text) => text.trim() !== '');
  const charsets = parameters.filter((text) => /^\s*charset/i.test(text));
  if (match && charsets.every((text) => CHARSET_UTF8.test(text))) return;
  throw new DomainError(
    'unsupported-media-type',
    'The body must be JSON in UTF-8, sent with "Content-Type: application/json".',
  );
}

/** The decoder would replace broken bytes by U+FFFD, and a name would be stored other than typed. */
function refuseBrokenUtf8(_req: unknown, _res: unknown, bytes: Buffer): void {
  if (!isUtf8(bytes))
    throw new DomainError('malformed-request', 'The body is not valid UTF-8. Encode the text as UTF-8.');
}

/** body-parser names its errors in `type`; its messages quote the body, so none is passed on. */
function translated(error: unknown, limit: number): unknown {
  if (error instanceof DomainError) return error;
  const type = typeof error === 'object' && error !== null && 'type' in error ? String(error.type) : '';
  switch (type) {
    case 'entity.too.large':
      return new DomainError(
        'payload-too-large',
        `The body is longer than the ${limit} bytes that this address takes.`,
        {
          detail: { limitBytes: limit },
        },
      );
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new DomainError(
        'unsupported-media-type',
        'Send the body as UTF-8, plain or compressed with gzip, deflate or br.',
      );
    case 'entity.parse.failed':
      return new DomainError(
        'malformed-request',
        'The body is not valid JSON. Check quotes, commas and brackets.',
      );
    case 'request.aborted':
    case 'request.size.invalid':
      return new DomainError('malformed-request', 'The body ended before it was complete.');
    default:
      // Broken compressed data arrives as zlib's own error.
      return errorCode(error).startsWith('Z_') || errorCode(error).startsWith('ERR_')
        ? new DomainError('malformed-request', 'The compressed body could not be unpacked.')
        : error;
  }
}

function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
