/** Tells our own texts from what other servers encrypted. */
const MARK = 'ccp1.';

/** Packs a text into what clients take for `encrypted_content`. It is opaque, not secret. */
export function sealText(text: string): string {
  return MARK + btoa(encodeURIComponent(text.toWellFormed()));
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
