import * as fc from 'fast-check';

import { DOCUMENT } from '../support/openapi-checks.ts';

/** The part of JSON Schema that the document uses. */
export type Schema = {
  $ref?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  allOf?: readonly Schema[];
  type?: string;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  pattern?: string;
  format?: string;
  minLength?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
};

type Path = readonly (string | number)[];

/** A body with one place that is not as it was. */
export type Mutated = { body: unknown; path: Path };

const SCHEMAS = DOCUMENT.components.schemas as Readonly<Record<string, Schema>>; // made by zod

/** Bodies that fit a schema of the document, most of the optional fields left out. */
export function toArbitrary(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref) return toArbitrary(SCHEMAS[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(toArbitrary));
  const [only] = schema.allOf ?? [];
  if (only) return toArbitrary(only);
  switch (schema.type) {
    case 'object':
      return toObject(schema);
    case 'array':
      return fc.array(toArbitrary(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      });
    case 'string':
      return toText(schema);
    case 'integer':
      return fc.integer({ min: schema.exclusiveMinimum ?? schema.minimum ?? -5, max: 100_000 });
    case 'number':
      return fc.double({
        min: schema.minimum ?? 0,
        max: schema.maximum ?? 1000,
        noNaN: true,
        minExcluded: schema.exclusiveMinimum !== undefined,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function toObject({ properties, required = [] }: Schema): fc.Arbitrary<unknown> {
  if (!properties) return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  const fields = Object.entries(properties).map(
    ([name, field]) => [name, toArbitrary(field)] as const,
  );
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
}

function toText({ pattern, format, minLength = 0 }: Schema): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.uuid();
  if (pattern) return fc.stringMatching(new RegExp(pattern));
  return fc.oneof(fc.string({ minLength }), fc.string({ unit: 'grapheme', minLength }));
}

/** Stand for what JSON can say and `JSON.stringify` cannot. */
const UNSAYABLE = {
  'a number without end': '1e999',
  'a list too deep': '['.repeat(50_000) + ']'.repeat(50_000),
  'a text of lists too deep': `"${'['.repeat(20_000)}${']'.repeat(20_000)}"`,
  'a text of objects too deep': JSON.stringify(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
  'an object too deep': `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
};

/** Values that somebody once forgot. */
const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 1,

  '',
  ' ',
  '\u0000',
  '\uD800',
  'a\uDFFFb',
  '\u2028',
  '\uFEFF',
  '👩‍👩‍👧',
  '\u202Eabc',
  'x'.repeat(5000),
  '__proto__',
  'constructor',
  'toString',
  'null',
  '-1',
  'NaN',
  '--help',
  '../..',
  '\r\nx: y',
  [],
  {},
  [[]],
  [null],
  [{}],
  { type: 'text' },
  { type: '__proto__' },
  { role: 'user' },
  ...[
    '{"__proto__":{"x":1}}',
    '{"constructor":{"prototype":{}}}',
    '{"toString":1,"valueOf":1}',
  ].map((text) => JSON.parse(text) as unknown),

  'file:///etc/passwd',
  'http://127.0.0.1:1/x',
  'data:,',
  'data:image/png;base64,!',
  'http://[',
];

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));

/** Anything that JSON can say, and some of what it should not. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...ODD) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(UNSAYABLE)) },
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }) },
  { weight: 2, arbitrary: anyText },
);

const ODD_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '\uD800'];

/** Bodies of one kind with one place changed: another value, nothing, or a field more. */
export function mutate(bodies: fc.Arbitrary<unknown>): fc.Arbitrary<Mutated> {
  return fc
    .record({
      body: bodies,
      place: fc.nat(),
      change: fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({ how: fc.constant('replace' as const), value: anything }),
        },
        { weight: 1, arbitrary: fc.record({ how: fc.constant('remove' as const) }) },
        {
          weight: 1,
          arbitrary: fc.record({
            how: fc.constant('add' as const),
            name: fc.constantFrom(...ODD_NAMES),
            value: anything,
          }),
        },
      ),
    })
    .map(({ body, place, change }) => {
      const copy: unknown = structuredClone(body);
      const places = listPlaces(copy).slice(1);
      const path = places[place % Math.max(1, places.length)] ?? [];
      const parent = path.slice(0, -1).reduce(read, copy);
      const last = path.at(-1);
      if (last !== undefined) {
        if (change.how === 'remove') take(parent, last);
        else if (change.how === 'replace') put(parent, last, change.value);
        else put(parent, change.name, change.value);
      }
      return { body: copy, path };
    });
}

/** As JSON, which writes lone surrogates as escapes. */
export function toJson(value: unknown): string {
  return Object.entries(UNSAYABLE).reduce(
    (text, [name, said]) => text.replaceAll(JSON.stringify(name), said),
    JSON.stringify(value),
  );
}

/** Every place in a value, from the outside in. */
function listPlaces(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([name, item]) =>
    listPlaces(item, [...path, Array.isArray(value) ? Number(name) : name]),
  );
  return [path, ...inner];
}

function read(value: unknown, name: string | number): unknown {
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

/** Own properties only: an assignment to `__proto__` would do something else. */
function put(target: unknown, name: string | number, value: unknown) {
  const attributes = { value, enumerable: true, writable: true, configurable: true };
  if (Array.isArray(target) && typeof name === 'string') target.push(value);
  else if (typeof target === 'object' && target !== null)
    Object.defineProperty(target, name, attributes);
}

function take(target: unknown, name: string | number) {
  if (Array.isArray(target)) target.splice(Number(name), 1);
  else if (typeof target === 'object' && target !== null) Reflect.deleteProperty(target, name);
}
