import type { AnswerPlan } from './answer-plan.ts';
import type { SipResponse } from './sip-message.ts';

/** Any phone here that calls, and any that is called. */
type Caller<C> = {
  readonly name: string;
  startCall(number: string): Promise<C>;
  explain(what: string): string;
};
type Callee<C> = {
  expectCall(plan?: AnswerPlan, within?: number, signal?: AbortSignal): Promise<C>;
  explain(what: string): string;
};

type Audible = {
  audio: { play(tone: number | null): unknown; hears(tone: number): Promise<true> };
};

/**
 * One phone calls a number and the other answers: both ends of the call that is up. Throws at once,
 * with both phones' messages, when the call is refused instead.
 */
export async function connect<C extends { answered(): Promise<SipResponse> }, D>(
  caller: Caller<C>,
  number: string,
  callee: Callee<D>,
  { plan }: { plan?: AnswerPlan } = {},
): Promise<{ calling: C; called: D }> {
  const calling = await caller.startCall(number);
  const refused = new AbortController();
  calling.answered().then(
    ({ status, reason }) => {
      if (status < 300) return;
      const both = [caller.explain('an answer'), callee.explain('the call')].join('\n');
      refused.abort(
        new Error(`${caller.name}'s call to ${number} was answered ${status} ${reason}.\n${both}`),
      );
    },
    () => {},
  ); // no answer at all: the callee's wait or the next line says so
  const called = await callee.expectCall(plan, undefined, refused.signal);
  await calling.answered();
  return { calling, called };
}

/** Each side sends its own tone and hears the other's. */
export async function hearEachOther(one: Audible, other: Audible): Promise<void> {
  await Promise.all([one.audio.play(440), other.audio.play(880)]);
  await Promise.all([one.audio.hears(880), other.audio.hears(440)]);
}
