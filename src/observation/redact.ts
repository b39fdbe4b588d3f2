/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

/** Shorter ones are words like `dummy`, and would tear up lines that hold no secret. */
const SHORTEST_SECRET = 8;

const REDACTED = '[redacted]';

/** What is a secret wherever it comes from: API keys, this proxy's keys, bearer tokens, passwords in addresses. */
const PATTERNS: readonly [RegExp, string][] = [
  [/\bsk-[\w-]{16,}/g, REDACTED],
  [/\bccp-[\w-]{16,}/g, REDACTED],
  [/\b(Bearer|Basic) [\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/(:\/\/)[^/\s:@"]*:[^/\s@"]+@/g, `$1${REDACTED}@`],
];

/** Makes the function that takes these secrets, and all that look like one, out of a line of JSON. */
export function toRedact(secrets: readonly string[]): Redact {
  const known = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .map((secret) => JSON.stringify(secret).slice(1, -1)) // as it stands in the line
    .toSorted((one, other) => other.length - one.length); // a secret may begin with another one
  return (text) => {
    const plain = known.reduce((line, secret) => line.replaceAll(secret, REDACTED), text);
    return PATTERNS.reduce((line, [pattern, to]) => line.replaceAll(pattern, to), plain);
  };
}
