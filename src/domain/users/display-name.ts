/**
 * What phones inside show: the caller ID name, else first and last name (as src/db/facts.ts joins them). At most
 * 201 characters, so at most 804 bytes: less than the 1,017 that one AstDB value holds.
 */
export function displayNameOf(user: {
  callerIdName: string | null;
  firstName: string | null;
  lastName: string | null;
}): string {
  return user.callerIdName ?? [user.firstName, user.lastName].filter(Boolean).join(' ');
}
