/**
 * Why a call goes out or does not, in words. The codes are those of the dialplan's PB_REASON, of `decide`, and of
 * what it reports as refused; one that is not here is shown as a code.
 */
const SENTENCES: Readonly<Record<string, string>> = {
  colleague: 'It is a colleague of the same tenant: extensions may always be called.',
  emergency: 'It is an emergency number: those always pass.',
  'profile-allows': 'A rule of the dial profile allows it.',
  'profile-denies': 'A rule of the dial profile refuses it.',
  'profile-missing':
    'The user has no working dial profile, and so may call extensions and emergency numbers only.',
  'no-rule': 'No rule of the dial profile matches, and what none matches is refused.',
  'unassigned-number': 'No such number is in service.',
  'unknown-account': 'No user of the tenant has this SIP account.',
  'unknown-line': 'The phone belongs to nobody any more.',
  'user-not-active': 'The user is suspended or not confirmed yet, and can call nobody.',
  'outside-calls-off': 'Outside calls are switched off for this user.',
  'transfers-off': 'Transfers are switched off for this user.',
  'transfer-without-user': 'Only a user of the tenant may transfer.',
  'join-off': 'The user may not leave two outside parties talking to each other.',
  'no-caller-id': 'There is no number to show: neither the team, nor the user, nor the tenant has one.',
  fenced: 'The user is being deleted.',
  empty: 'Nothing was dialled.',
  'invalid-characters': 'It holds characters that no telephone number has.',
  'too-long': 'It is longer than any telephone number.',
  'country-unknown': "The tenant's country is not in the numbering plan.",
  'area-code-needed': 'In this country a number without its area code is not complete.',
  'service-code-unknown': 'No service code begins like this.',
  'emergency-on-forward': 'Calls are never forwarded to emergency services.',
  'forwarding-loop': 'Users forward to each other in a circle.',
  'forwarding-to-oneself': 'The forwarding leads back to the user.',
  'limit-abroad-at-once': 'The limit of calls abroad at the same time is reached.',
  'limit-abroad-per-hour': 'The limit of calls abroad in an hour is reached.',
  'limit-abroad-minutes': 'The limit of minutes abroad in a day is reached.',
  'limits-unknown': 'The PBX was too busy to check the limits, and did not let the call through unchecked.',
};

export function sentenceOf(reason: string): string | null {
  return SENTENCES[reason] ?? null;
}
