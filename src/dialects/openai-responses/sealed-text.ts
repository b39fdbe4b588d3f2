/** Tells our own texts from what other servers encrypted. */
const MARK = 'ccp1.';

/** Packs a text into what clients take for `encrypted_content`. It is opaque, not secret. */
export function sealText(text: string): string {
  return MARK + btoa(encodeURIComponent(text.toWellFormed()));
}

/** Says of a sealed text that it is thinking which only the API can read, not the proof of readable one. */
const REDACTED = 'redacted_thinking:';

/** Packs thinking that only the API can read. */
export function sealRedacted(data: string): string {
  return sealText(REDACTED + data);
}

/** What `sealRedacted` packed, of a text that was opened; `undefined` for any other. */
export function readRedacted(text: string): string | undefined {
  return text.startsWith(REDACTED) ? text.slice(REDACTED.length) : undefined;
}

/** The text that was sealed here; `undefined` for what another server wrote. */
export function openText(sealed: string): string | undefined {
  if (!sealed.startsWith(MARK)) return undefined;
  try {
    return decodeURIComponent(atob(sealed.slice(MARK.length)));
  } catch {
    return undefined;
  }
}
