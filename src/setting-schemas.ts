import { isIP, isIPv4 } from 'node:net';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';

/** A whole number in digits. */
export function wholeNumber(least: number, most: number) {
  return {
    schema: z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number)
      .pipe(z.number().min(least).max(most)),
    expected: `a whole number from ${least} to ${most}`,
  };
}

/** A whole number of milliseconds. */
export function milliseconds(most: number, least = 1) {
  const expected = `a whole number of milliseconds from ${least} to ${most}`;
  return { ...wholeNumber(least, most), expected, unit: 'ms' as const };
}

/** One of a few words. */
export function oneOf<const Values extends readonly string[]>(values: Values) {
  return { schema: z.enum(values), expected: `one of ${values.join(', ')}` };
}

/** A folder, as an absolute path. */
export function folder() {
  return { schema: z.string().transform(toAbsolutePath), expected: 'the path of a folder' };
}

/** A list whose empty entries do not count. */
export function list<Item>(separator: string, item: z.ZodType<Item, string>) {
  return z
    .string()
    .transform((text) => text.split(separator).map((entry) => entry.trim()))
    .transform((entries) => entries.filter((entry) => entry !== ''))
    .pipe(z.array(item))
    .readonly();
}

/** An absolute path. A shell would have replaced a leading `~`; in an .env file it is still there. */
export function toAbsolutePath(path: string): string {
  return path === '~' || path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(path);
}

/** Splits `name=value` at the first equals sign. */
export function toPair(text: string): readonly [string, string] {
  const cut = text.indexOf('=');
  return [text.slice(0, cut).trim(), text.slice(cut + 1).trim()];
}

/** A map from the pairs; of two with the same name the later one holds. */
export function toMap(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, string> {
  return new Map(pairs);
}

/** Tells whether a text is an origin, of the web or of an app (`app://notes`), or `*` for all. */
export function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (url === null) return text === '*';
  const isOpaque = url.origin === 'null';
  return isOpaque ? `${url.protocol}//${url.host}` === text : url.origin === text;
}

/** Tells whether a text is a host name or an IP address. */
export function isHost(text: string): boolean {
  return !text.includes('/') && isHostOrNetwork(text);
}

/** Tells whether a text is a host name, an IP address, or a network such as `10.1.0.0/16`. */
export function isHostOrNetwork(text: string): boolean {
  const [address = '', prefix] = text.split(/\/(.*)/s);
  if (prefix === undefined) return isIP(text) > 0 || /^[a-z\d_-]+(\.[a-z\d_-]+)*\.?$/i.test(text);
  const longest = isIPv4(address) ? 32 : 128;
  return isIP(address) > 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= longest;
}
