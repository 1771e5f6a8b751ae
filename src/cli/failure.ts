/** What a script can tell apart; docs/cli.md says the same to people. */
export const EXIT = {
  ok: 0,
  refused: 1,
  usage: 2,
  unreachable: 3,
  notAllowed: 4,
  interrupted: 130,
} as const;

/** The end of a command that did not do what was asked: a sentence for the person, a code for the script. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = 'Failure';
    this.exitCode = exitCode;
  }
}

export const usage = (message: string): Failure => new Failure(EXIT.usage, message);

/** What was named is not there: found out here, with the service's own meaning of "refused". */
export const refused = (message: string): Failure => new Failure(EXIT.refused, message);

export const interrupted = (more = ''): Failure =>
  new Failure(EXIT.interrupted, `Interrupted. ${more}`.trim());

/** One place in the request that the service found wrong. */
interface WrongPlace {
  in?: string;
  path?: string;
  message?: string;
}

/** The members of a problem document (RFC 9457) that are printed; an answer may hold more. */
export interface Problem {
  status: number;
  code: string;
  detail: string;
  instance?: string;
  errors?: WrongPlace[];
  /** Of `user-in-call`. */
  calls?: { peer: string; since: string }[];
}

/** The service understood and refused. */
export class Refusal extends Failure {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.status === 401 || problem.status === 403 ? EXIT.notAllowed : EXIT.refused, problem.detail);
    this.name = 'Refusal';
    this.problem = problem;
  }
}

/** Null for a body that is no problem of Patchbay's: then it was not Patchbay that answered. */
export function readProblem(body: unknown): Problem | null {
  if (typeof body !== 'object' || body === null) return null;
  const { status, code, detail } = body as Record<string, unknown>;
  const isProblem = typeof status === 'number' && typeof code === 'string' && typeof detail === 'string';
  return isProblem ? (body as Problem) : null;
}
