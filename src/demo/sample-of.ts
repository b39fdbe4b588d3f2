type Schema = Record<string, unknown>;

const MAX_DEPTH = 8;

const SAMPLES = {
  string: sampleString,
  number: ({ minimum }) => (typeof minimum === 'number' ? minimum : 1),
  integer: ({ minimum }) => (typeof minimum === 'number' ? Math.ceil(minimum) : 1),
  boolean: () => true,
  null: () => null,
  array: ({ items, minItems }, root, depth) =>
    Array.from({ length: typeof minItems === 'number' ? minItems : 1 }, () =>
      sampleOf(toSchema(items), root, depth + 1),
    ),
  object: ({ properties, required }, root, depth) => {
    const names = Array.isArray(required) ? required : [];
    return Object.fromEntries(
      Object.entries(toSchema(properties))
        .filter(([name]) => names.includes(name))
        .map(([name, schema]) => [name, sampleOf(toSchema(schema), root, depth + 1)]),
    );
  },
} satisfies Record<string, (schema: Schema, root: Schema, depth: number) => unknown>;

const FORMATS: Record<string, string> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '00:00:00Z',
  email: 'demo@example.com',
  uri: 'https://example.com',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/** A small value that fits a JSON Schema, always the same: required properties only. */
export function sampleOf(schema: Schema, root: Schema = schema, depth = 0): unknown {
  if (depth > MAX_DEPTH) return null;
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (typeof schema['$ref'] === 'string')
    return sampleOf(toReferred(schema['$ref'], root), root, depth + 1);
  const choice = [schema['anyOf'], schema['oneOf']].find(Array.isArray);
  if (choice) return sampleOf(toSchema(choice[0]), root, depth + 1);
  if (Array.isArray(schema['allOf'])) return sampleOf(toMerged(schema['allOf']), root, depth + 1);
  return SAMPLES[toType(schema)](schema, root, depth);
}

function toMerged(schemas: readonly unknown[]): Schema {
  return Object.fromEntries(schemas.flatMap((schema) => Object.entries(toSchema(schema))));
}

function toType({ type, properties, items }: Schema): keyof typeof SAMPLES {
  const named: unknown = Array.isArray(type) ? type[0] : type;
  if (isType(named)) return named;
  if (properties) return 'object';
  return items ? 'array' : 'string';
}

function isType(name: unknown): name is keyof typeof SAMPLES {
  return typeof name === 'string' && Object.hasOwn(SAMPLES, name);
}

function sampleString({ format, minLength }: Schema): string {
  const sample = (typeof format === 'string' && FORMATS[format]) || 'demo';
  return typeof minLength === 'number' ? sample.padEnd(minLength, '.') : sample;
}

function toReferred(pointer: string, root: Schema): Schema {
  const keys = pointer.split('/').slice(1);
  return toSchema(keys.reduce<unknown>((value, key) => toSchema(value)[key], root));
}

/** `true`, and whatever else is no object, allows anything. */
function toSchema(value: unknown): Schema {
  return isSchema(value) ? value : {};
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null;
}
