type Schema = Record<string, unknown>;
type Translate = (value: unknown) => unknown;

const asIs: Translate = (value) => value;

/** What the CLI's own validator knows (JSON Schema draft 7, and `$defs`), by where schemas stand in it. */
const KEYWORDS: Readonly<Record<string, Translate>> = {
  ...toKeywords(
    asIs,
    '$ref type enum const title description default examples format required pattern uniqueItems',
  ),
  ...toKeywords(asIs, 'multipleOf minimum maximum exclusiveMinimum exclusiveMaximum'),
  ...toKeywords(asIs, 'minLength maxLength minItems maxItems minProperties maxProperties'),
  ...toKeywords(toSchemas, 'items additionalItems contains additionalProperties propertyNames'),
  ...toKeywords(toSchemas, 'not if then else anyOf oneOf allOf'),
  ...toKeywords(toSchemaMap, 'properties patternProperties definitions $defs'),
};

/**
 * A schema that the CLI can enforce. One with a single word that its validator does not know, or that
 * names a newer draft, it passes over without saying so; those words are left to our own check.
 */
export function toEnforceableSchema(schema: Schema): Schema {
  const known = toKnown(toNamedRoot(schema));
  const isPlain = !['type', '$ref', 'anyOf', 'oneOf', 'allOf'].some((word) => word in known);
  return isPlain ? { ...known, type: 'object' } : known;
}

/** Generators write a named schema as a reference to it; the API wants the object at the top. */
function toNamedRoot(schema: Schema): Schema {
  const [, place = '', name = ''] =
    /^#\/(\$defs|definitions)\/([^/]+)$/.exec(String(schema['$ref'])) ?? [];
  const places = schema[place];
  const named = isSchema(places) ? places[name] : undefined;
  return isSchema(named) && isSchema(places) ? { ...named, [place]: places } : schema;
}

function toKnown(schema: Schema): Schema {
  // Without the tuple's own word, what is meant for the rest of its items would be asked of all.
  const lost = 'prefixItems' in schema ? 'items' : undefined;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([word, value]) => {
      const translate = Object.hasOwn(KEYWORDS, word) && word !== lost && KEYWORDS[word];
      return translate ? [[word, translate(value)]] : [];
    }),
  );
}

function toSchemas(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSchemas);
  return isSchema(value) ? toKnown(value) : value;
}

function toSchemaMap(value: unknown): unknown {
  if (!isSchema(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toSchemas(one)]));
}

function toKeywords(translate: Translate, words: string) {
  return Object.fromEntries(words.split(' ').map((word) => [word, translate]));
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
