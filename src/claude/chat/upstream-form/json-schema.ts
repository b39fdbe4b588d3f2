/** A JSON Schema that is an object; the boolean ones say nothing that would have to change. */
export type Schema = Readonly<Record<string, unknown>>;

const ONE =
  'items additionalItems contains additionalProperties propertyNames not if then else unevaluatedItems unevaluatedProperties contentSchema';
const LIST = 'allOf anyOf oneOf prefixItems items';
const BY_NAME = 'properties patternProperties definitions $defs dependentSchemas dependencies';

/** The words of JSON Schema under which further schemas stand, by how they stand there. */
const HOLDS_ONE = new Set(ONE.split(' '));
const HOLDS_LIST = new Set(LIST.split(' '));
const HOLDS_BY_NAME = new Set(BY_NAME.split(' '));

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether schemas stand by their names under a word, as under `properties`. */
export function holdsByName(word: string): boolean {
  return HOLDS_BY_NAME.has(word);
}

/** Translates each schema that stands directly in this one; whatever else it holds stays. */
export function mapInner(schema: Schema, translate: (inner: Schema) => unknown): Schema {
  const toInner = (value: unknown) => (isSchema(value) ? translate(value) : value);
  return mapEntries(schema, (word, value) => {
    if (HOLDS_LIST.has(word) && Array.isArray(value)) return value.map(toInner);
    if (!isSchema(value)) return value;
    if (HOLDS_BY_NAME.has(word)) return mapEntries(value, (_, one) => toInner(one));
    return HOLDS_ONE.has(word) ? translate(value) : value;
  });
}

/** An object with the same keys and other values. */
export function mapEntries(
  object: Schema,
  translate: (key: string, value: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, translate(key, value)]),
  );
}
