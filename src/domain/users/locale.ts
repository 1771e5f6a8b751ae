/** An IANA zone (`Europe/Paris`, `UTC`), as this Node's own data knows them. */
export function timeZoneProblem(text: string): string | null {
  // Offsets such as +01:00 are no zones: they do not know when the clocks change.
  if (/^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/.test(text)) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: text });
      return null;
    } catch {
      // Told below.
    }
  }
  return 'Send a time zone of the IANA database, like Europe/Paris or UTC.';
}

/** A language tag (BCP 47): `fr`, `en-GB`, `zh-Hant`. */
export function languageProblem(text: string): string | null {
  if (text.length <= 35) {
    try {
      Intl.getCanonicalLocales(text);
      return null;
    } catch {
      // Told below.
    }
  }
  return 'Send a language tag, like fr, en-GB or zh-Hant.';
}

/** The tag as it is usually written: `EN-gb` → `en-GB`. Only for what `languageProblem` passed. */
export function canonicalLanguage(text: string): string {
  return Intl.getCanonicalLocales(text)[0] ?? text;
}
