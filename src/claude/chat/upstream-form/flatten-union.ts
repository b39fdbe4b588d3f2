import { isSchema, type Schema } from './json-schema.ts';

/** A schema without a union at its top, and what the unions said. */
export type FlatSchema = { schema: Schema; constraint: Schema | undefined };

const UNIONS = ['allOf', 'anyOf', 'oneOf'] as const;

/** Unions inside unions are looked into so deep. */
const MOST_LEVELS = 8;

/** And at so many names in them: by references a few lines stand for millions. */
const MOST_STEPS = 20_000;

/** Properties by name, each with every schema that was given for it, and those that are always there. */
type Members = { properties: Map<string, Set<unknown>>; required: Set<unknown> };

/** Where references lead, and how many steps the search may still take. */
type Search = { root: Schema; steps: number };

/**
 * The API takes no union at the top of a tool's schema, and of one the CLI keeps little more than the names
 * (2.1.330). So all properties of all branches become the schema's own, required where every branch wants
 * them, and the unions themselves are handed out, for the model to read.
 */
export function flattenUnion(schema: Schema): FlatSchema {
  const unions = UNIONS.filter((word) => Array.isArray(schema[word]));
  if (unions.length === 0) return { schema, constraint: undefined };
  const { properties, required } = toMembers(
    schema,
    { root: schema, steps: MOST_STEPS },
    MOST_LEVELS,
  );
  const constraint = Object.fromEntries(
    unions.map((word) => [word, toBranches(schema[word], schema)]),
  );
  return {
    schema: {
      ...without(schema, unions),
      type: 'object',
      properties: Object.fromEntries([...properties].map(([name, all]) => [name, toOne(all)])),
      ...(required.size > 0 && { required: [...required] }),
    },
    constraint,
  };
}

function without(schema: Schema, words: readonly string[]): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([word]) => !words.includes(word)));
}

function toMembers(schema: Schema, search: Search, levels: number): Members {
  const own = toOwnMembers(schema);
  if (levels === 0) return own;
  for (const word of UNIONS) {
    const branches = toBranches(schema[word], search.root)
      .filter(isSchema)
      .filter((branch) => isAffordable(branch, search))
      .map((branch) => toMembers(branch, search, levels - 1));
    for (const { properties } of branches) addProperties(own.properties, properties, search);
    const [first, ...others] = branches;
    for (const { required } of word === 'allOf' ? branches : []) addAll(own.required, required);
    if (word === 'allOf' || !first) continue;
    addAll(
      own.required,
      [...first.required].filter((name) => others.every(({ required }) => required.has(name))),
    );
  }
  return own;
}

function toOwnMembers({ properties, required }: Schema): Members {
  const own = isSchema(properties) ? Object.entries(properties) : [];
  return {
    properties: new Map(own.map(([name, property]) => [name, new Set([property])])),
    required: new Set(Array.isArray(required) ? required : []),
  };
}

function addProperties(own: Members['properties'], more: Members['properties'], search: Search) {
  for (const [name, all] of more) {
    if ((search.steps -= all.size) < 0) return;
    const known = own.get(name);
    if (known) addAll(known, all);
    else own.set(name, new Set(all));
  }
}

function isAffordable({ properties, required }: Schema, search: Search) {
  search.steps -= 1 + (isSchema(properties) ? Object.keys(properties).length : 0);
  search.steps -= Array.isArray(required) ? required.length : 0;
  return search.steps >= 0;
}

/** Generators write a named branch as a reference to it; one that is named again says nothing more. */
function toBranches(branches: unknown, root: Schema): unknown[] {
  if (!Array.isArray(branches)) return [];
  const all = branches.map((branch: unknown) => {
    if (!isSchema(branch) || typeof branch['$ref'] !== 'string') return branch;
    const [, place = '', name = ''] =
      /^#\/(\$defs|definitions)\/([^/]+)$/.exec(branch['$ref']) ?? [];
    const named = root[place];
    return isSchema(named) && isSchema(named[name]) ? named[name] : branch;
  });
  return [...new Set(all)];
}

/** Where branches differ in what a property is, each of them may be meant. */
function toOne(all: ReadonlySet<unknown>): unknown {
  const different = [...new Map([...all].map((one) => [JSON.stringify(one), one])).values()];
  return different.length === 1 ? different[0] : { anyOf: different };
}

function addAll(names: Set<unknown>, more: Iterable<unknown>) {
  for (const name of more) names.add(name);
}
