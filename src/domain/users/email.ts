/** RFC 5321, section 4.5.3.1: 64 octets before the @; 254 is what fits into a path of 256. */
const LONGEST = 254;
const LONGEST_LOCAL_PART = 64;

/** Unquoted local parts, in any script (RFC 6531); quoted ones exist on paper only. */
const LOCAL_PART = /^[^\s\p{Cc}"(),:;<>@[\\\]]+$/u;
const DOMAIN = /^(?:[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?\.)+[\p{L}\p{N}-]{2,63}$/u;

/** Whether mail could be sent there at all; whether it arrives is found out by sending. */
export function emailProblem(text: string): string | null {
  if (text.length > LONGEST) return `Send at most ${LONGEST} characters.`;
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const wellFormed =
    at > 0 &&
    Buffer.byteLength(local) <= LONGEST_LOCAL_PART &&
    LOCAL_PART.test(local) &&
    !/^\.|\.\.|\.$/.test(local) &&
    DOMAIN.test(text.slice(at + 1));
  return wellFormed ? null : 'Send an email address, like name@example.org.';
}

/** What stands before the @. */
export function localPartOf(email: string): string {
  return email.slice(0, email.lastIndexOf('@'));
}
