/** Values that ask for nothing, by parameter: given, but nothing is lost by not passing them on. */
export type NeutralValues = Readonly<Record<string, (value: unknown) => boolean>>;

/** Whether a value asks for nothing. `holder` is the object in which the field stands. */
type IsNeutral = (value: unknown, holder: object) => boolean;

/**
 * Fields further inside a body that are not honoured, as a tree of their names (`*` is any place in a
 * list), with the values that ask for nothing.
 */
export type InnerParams = { isNeutral?: IsNeutral; inside: ReadonlyMap<string, InnerParams> };

/** Parameter names longer or stranger than this are not repeated in a response header. */
const PRINTABLE_NAME = /^[\w.-]{1,64}$/;

/** More would make a header larger than clients read. */
const MAX_NAMED = 50;

const NONE: InnerParams = { inside: new Map() };

/**
 * The names of the parameters that a request gave, that are not honoured, and whose value asks for
 * something, those further inside by their whole path. `null` always counts as not given.
 */
export function toIgnoredParams(
  body: Readonly<Record<string, unknown>>,
  honoured: ReadonlySet<string>,
  neutral: NeutralValues,
  inner: InnerParams = NONE,
): string[] {
  const outer = Object.entries(body)
    .filter(([name, value]) => isGiven(value) && !honoured.has(name))
    .filter(([name, value]) => !(Object.hasOwn(neutral, name) && neutral[name]?.(value)))
    .map(([name]) => name)
    .filter((name) => PRINTABLE_NAME.test(name));
  const further = findFields(body, inner);
  return [...outer, ...further].slice(0, MAX_NAMED);
}

/** The tree of paths such as `tools.*.strict`. */
export function toInnerParams(paths: Readonly<Record<string, IsNeutral>>): InnerParams {
  const byName = Map.groupBy(Object.entries(paths), ([path]) => path.split('.', 1)[0] ?? '');
  const inside = [...byName].map(([name, fields]): [string, InnerParams] => {
    const isNeutral = fields.find(([path]) => path === name)?.[1];
    const further = fields.filter(([path]) => path !== name);
    const tree = toInnerParams(
      Object.fromEntries(further.map(([path, one]) => [path.slice(name.length + 1), one])),
    );
    return [name, isNeutral ? { ...tree, isNeutral } : tree];
  });
  return { inside: new Map(inside) };
}

/** The paths of the given fields of a tree, one for each item of the lists on the way, as many as are named. */
function findFields(body: object, tree: InnerParams): string[] {
  const found: string[] = [];
  /** Where the search stands. Written out only for what is found: a body may have 100,000 places. */
  const way: (string | number)[] = [];

  const look = (holder: object, field: string | number, { isNeutral, inside }: InnerParams) => {
    const value: unknown = Reflect.get(holder, field);
    if (!isGiven(value) || found.length >= MAX_NAMED) return;
    way.push(field);
    if (isNeutral && !isNeutral(value, holder)) found.push(way.join('.'));
    if (isNested(value)) lookInside(value, inside);
    way.pop();
  };
  const lookInside = (holder: object, inside: InnerParams['inside']) => {
    for (const [name, field] of inside) {
      if (name !== '*') {
        if (Object.hasOwn(holder, name)) look(holder, name, field);
      } else if (Array.isArray(holder)) {
        for (const index of holder.keys()) look(holder, index, field);
      }
    }
  };
  lookInside(body, tree.inside);
  return found;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isGiven(value: unknown) {
  return value !== undefined && value !== null;
}
