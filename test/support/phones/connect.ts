import type { AnswerPlan, IncomingCall } from './incoming-call.ts';
import type { DialOptions, OutgoingCall } from './outgoing-call.ts';
import type { UaPhone } from './ua-phone.ts';

type Audible = { audio: { play(tone: number | null): void; hears(tone: number): Promise<true> } };

/**
 * One phone calls a number and the other answers: both ends of the call that is up. Throws at once,
 * with both phones' messages, when the call is refused instead.
 */
export async function connect(
  caller: UaPhone,
  number: string,
  callee: UaPhone,
  options: { dial?: DialOptions; plan?: AnswerPlan } = {},
): Promise<{ calling: OutgoingCall; called: IncomingCall }> {
  const calling = await caller.startCall(number, options.dial);
  const refused = calling.answered().then(({ status, reason }) => {
    if (status < 300) return new Promise<never>(() => {}); // the callee's side decides
    throw new Error(
      `${caller.name}'s call to ${number} was answered ${status} ${reason}.\n${caller.explain('an answer')}\n${callee.explain('the call')}`,
    );
  });
  const called = await Promise.race([callee.expectCall(options.plan), refused]);
  await calling.answered();
  return { calling, called };
}

/** Each side sends its own tone and hears the other's. */
export async function hearEachOther(one: Audible, other: Audible): Promise<void> {
  one.audio.play(440);
  other.audio.play(880);
  await Promise.all([one.audio.hears(880), other.audio.hears(440)]);
}
