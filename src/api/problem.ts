import type { Request, Response } from 'express';
import { DomainError, type FieldError } from '../domain/errors.ts';
import { etagOf } from './preconditions.ts';
import { PROBLEMS } from './problem-table.ts';

/** RFC 9457. Other members (`calls`, `currentVersion`, ...) come from the error's detail. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  instance: string;
  errors: FieldError[];
};

export function toProblem(error: DomainError, requestId: string): Problem {
  const kind = PROBLEMS[error.code];
  return {
    ...error.detail,
    type: `/docs/errors#${error.code}`,
    title: kind.title,
    status: kind.status,
    code: error.code,
    detail: error.message,
    instance: `urn:patchbay:request:${requestId}`,
    errors: error.fields.map((field) => ({ in: 'body', ...field })),
  };
}

/**
 * Anything thrown, as one of our errors. What is none is a fault of ours: the caller learns the
 * request id, the log learns the rest.
 */
export function asDomainError(thrown: unknown): DomainError {
  if (thrown instanceof DomainError) return thrown;
  // Express throws this for percent signs in the address that decode to nothing.
  if (thrown instanceof URIError || (thrown instanceof Error && 'status' in thrown && thrown.status === 400))
    return new DomainError('malformed-request', 'The address has a percent sign that is no valid encoding.');
  return new DomainError(
    'internal',
    'Something failed on our side. It is in the log under this request id.',
    {
      cause: thrown,
    },
  );
}

export function sendProblem(error: DomainError, req: Request, res: Response): void {
  const problem = toProblem(error, String(req.id));
  res.status(problem.status);
  res.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  if (error.code === 'unauthenticated') res.setHeader('WWW-Authenticate', 'Bearer realm="patchbay"');
  if (typeof error.detail.retryAfterSeconds === 'number')
    res.setHeader('Retry-After', Math.ceil(error.detail.retryAfterSeconds));
  else if (problem.status === 503) res.setHeader('Retry-After', 5);
  if (typeof error.detail.currentVersion === 'number')
    res.setHeader('ETag', etagOf(error.detail.currentVersion));
  const text = JSON.stringify(problem);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}
