/** Values that ask for nothing, by parameter: given, but nothing is lost by not passing them on. */
export type NeutralValues = Readonly<Record<string, (value: unknown) => boolean>>;

/** Parameter names longer or stranger than this are not repeated in a response header. */
const PRINTABLE_NAME = /^[\w.-]{1,64}$/;

/** More would make a header larger than clients read. */
const MAX_NAMED = 50;

/**
 * The names of the parameters that a request gave, that are not honoured, and whose value asks for
 * something. `null` always counts as not given.
 */
export function toIgnoredParams(
  body: Readonly<Record<string, unknown>>,
  honoured: ReadonlySet<string>,
  neutral: NeutralValues,
): string[] {
  return Object.entries(body)
    .filter(([name, value]) => value !== undefined && value !== null && !honoured.has(name))
    .filter(([name, value]) => !(Object.hasOwn(neutral, name) && neutral[name]?.(value)))
    .map(([name]) => name)
    .filter((name) => PRINTABLE_NAME.test(name))
    .slice(0, MAX_NAMED);
}
