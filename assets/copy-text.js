/** How long it is told that a text was copied, in milliseconds. */
const TOLD_MS = 1500;

/** Copies a text. `label` is given what a button says: what came of it, and then what it said before. */
export async function copyText(text, label) {
  label(await write(text));
  setTimeout(() => label('Copy'), TOLD_MS);
}

/** A browser has a clipboard for pages of a safe origin, and may still refuse it. */
async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied';
  } catch {
    return 'Select it yourself';
  }
}
