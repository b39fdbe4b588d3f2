import { isSchema, mapEntries, type Schema } from './json-schema.ts';

/** Names that the API wants in place of the caller's, by the caller's. */
export type Keys = ReadonlyMap<string, string>;

/** The API's pattern for the names of a tool's arguments. */
const KEY = /^[\w.-]{1,64}$/;

const LONGEST_KEY = 64;

/** Words that hold schemas of the very same object. */
const SAME_OBJECT: ReadonlySet<string> = new Set('allOf anyOf oneOf if then else not'.split(' '));

/** Words that hold something by the names of arguments. */
const BY_KEY: ReadonlySet<string> = new Set(
  'properties dependentRequired dependentSchemas dependencies'.split(' '),
);

/** The arguments that the API does not take under their names, each with one that is free. */
export function toKeys({ properties }: Schema): Keys {
  const names = isSchema(properties) ? Object.keys(properties) : [];
  const taken = new Set(names.filter((name) => KEY.test(name)));
  const keys = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const name of names) {
    if (KEY.test(name)) continue;
    const key = toFreeKey(name, taken, counts);
    taken.add(key);
    keys.set(name, key);
  }
  return keys;
}

/** A schema with its arguments under other names, wherever it speaks of them. */
export function renameInSchema(schema: Schema, keys: Keys): Schema {
  if (keys.size === 0) return schema;
  return withPointers(renameHere(schema, keys), keys) as Schema; // an object stays one
}

/** Arguments under other names; what is not an object stays as it is. */
export function renameArguments(value: unknown, keys: Keys): unknown {
  if (keys.size === 0 || !isSchema(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [keys.get(name) ?? name, one]),
  );
}

/** `counts` has how often each base was given, so that thousands of like names are not counted through each time. */
function toFreeKey(name: string, taken: ReadonlySet<string>, counts: Map<string, number>) {
  const base = name.replaceAll(/[^\w.-]/g, '_').slice(0, LONGEST_KEY) || '_';
  let count = counts.get(base) ?? 1;
  let key = count === 1 ? base : toCounted(base, count);
  while (taken.has(key)) key = toCounted(base, (count += 1));
  counts.set(base, count);
  return key;
}

function toCounted(base: string, count: number) {
  const suffix = `_${count}`;
  return base.slice(0, LONGEST_KEY - suffix.length) + suffix;
}

function renameHere(schema: Schema, keys: Keys): Schema {
  const toNames = (value: unknown): unknown =>
    Array.isArray(value) ? value.map((name: unknown) => toName(name, keys)) : value;
  const toSame = (value: unknown): unknown => (isSchema(value) ? renameHere(value, keys) : value);
  return mapEntries(schema, (word, value) => {
    if (word === 'required') return toNames(value);
    if (SAME_OBJECT.has(word)) return Array.isArray(value) ? value.map(toSame) : toSame(value);
    if (!BY_KEY.has(word) || !isSchema(value)) return value;
    const renamed = renameArguments(value, keys) as Schema; // an object stays one
    if (word === 'properties') return renamed;
    return mapEntries(renamed, (_, one) => (Array.isArray(one) ? toNames(one) : toSame(one)));
  });
}

function toName(name: unknown, keys: Keys) {
  return typeof name === 'string' ? (keys.get(name) ?? name) : name;
}

/** References may point into the properties. */
function withPointers(value: unknown, keys: Keys): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => withPointers(one, keys));
  if (!isSchema(value)) return value;
  return mapEntries(value, (word, one) =>
    word === '$ref' && typeof one === 'string' ? toPointer(one, keys) : withPointers(one, keys),
  );
}

function toPointer(pointer: string, keys: Keys) {
  return pointer.replace(
    /^(#\/properties\/)([^/]*)/,
    (all: string, place: string, name: string) => {
      const key = keys.get(toPlainName(name));
      return key === undefined ? all : place + key;
    },
  );
}

/** https://www.rfc-editor.org/rfc/rfc6901#section-6 */
function toPlainName(name: string) {
  try {
    return decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return name;
  }
}
