/** Values that ask for nothing, by parameter: given, but nothing is lost by not passing them on. */
export type NeutralValues = Readonly<Record<string, (value: unknown) => boolean>>;

/**
 * Fields further inside a body that are not honoured, by their path (`*` is any place in a list), with the
 * values that ask for nothing. `holder` is the object in which the field stands.
 */
export type InnerParams = Readonly<Record<string, (value: unknown, holder: object) => boolean>>;

/** Parameter names longer or stranger than this are not repeated in a response header. */
const PRINTABLE_NAME = /^[\w.-]{1,64}$/;

/** More would make a header larger than clients read. */
const MAX_NAMED = 50;

/**
 * The names of the parameters that a request gave, that are not honoured, and whose value asks for
 * something, those further inside by their whole path. `null` always counts as not given.
 */
export function toIgnoredParams(
  body: Readonly<Record<string, unknown>>,
  honoured: ReadonlySet<string>,
  neutral: NeutralValues,
  inner: InnerParams = {},
): string[] {
  const outer = Object.entries(body)
    .filter(([name, value]) => isGiven(value) && !honoured.has(name))
    .filter(([name, value]) => !(Object.hasOwn(neutral, name) && neutral[name]?.(value)))
    .map(([name]) => name);
  const further = Object.entries(inner).flatMap(([path, isNeutral]) =>
    findFields(body, path.split('.'))
      .filter(({ value, holder }) => !isNeutral(value, holder))
      .map((field) => field.path),
  );
  return [...outer, ...further].filter((name) => PRINTABLE_NAME.test(name)).slice(0, MAX_NAMED);
}

type Field = { path: string; value: unknown; holder: object };

/** The given fields at a path, one for each item of the lists on the way. */
function findFields(holder: unknown, [name, ...rest]: readonly string[], before = ''): Field[] {
  if (name === undefined || !isNested(holder)) return [];
  if (name === '*') {
    if (!Array.isArray(holder)) return [];
    return holder.flatMap((item, index) => findFields(item, rest, `${before}${index}.`));
  }
  const value: unknown = Object.hasOwn(holder, name) ? Reflect.get(holder, name) : undefined;
  if (!isGiven(value)) return [];
  const path = before + name;
  return rest.length === 0 ? [{ path, value, holder }] : findFields(value, rest, `${path}.`);
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isGiven(value: unknown) {
  return value !== undefined && value !== null;
}
