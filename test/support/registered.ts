import { inject } from 'vitest';
import { type EnteredUser, enterUser, whenInSync } from './people.ts';
import type { PhoneOptions, UaPhone } from './phones/ua-phone.ts';
import { phone } from './phones/ua-phone.ts';
import type { TestService } from './service.ts';

export interface RegisteredUser extends EnteredUser {
  phone: UaPhone;
}

/** Users with an extension and one softphone each, which is registered at the Asterisk that all suites share. */
export async function registeredUsers(
  service: TestService,
  tenantId: string,
  extensions: readonly string[],
  options: (extension: string) => Partial<PhoneOptions> = () => ({}),
): Promise<RegisteredUser[]> {
  const users: EnteredUser[] = [];
  for (const extension of extensions) users.push(await enterUser(service, tenantId, extension));
  await whenInSync(service);
  return Promise.all(users.map((user) => withPhone(user, options(user.extension))));
}

async function withPhone(user: EnteredUser, options: Partial<PhoneOptions>): Promise<RegisteredUser> {
  const opened = await phone({
    server: inject('asterisk').sip,
    user: user.lineId,
    password: user.secret,
    name: user.extension,
    ...options,
  });
  const { status } = await opened.register();
  if (status !== 200) throw new Error(`${user.extension} could not register: ${status}`);
  return { ...user, phone: opened };
}
