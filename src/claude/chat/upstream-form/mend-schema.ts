import { holdsByName, isSchema, mapEntries, mapInner, type Schema } from './json-schema.ts';

/** Words whose value may be `null`; under any other it says that there is none. */
const MAY_BE_NULL: ReadonlySet<string> = new Set(['const', 'default', 'example']);

/**
 * A schema in the words of JSON Schema 2020-12, which the API and the CLI go by. Changes only what older
 * drafts and OpenAPI 3.0 wrote in another way and what has one meaning: tuples, `exclusiveMinimum: true`,
 * `required: true` in a property, words that are `null`, `type: "any"`, names given twice. The name of
 * another meta-schema goes, since it holds no more.
 */
export function mendSchema(schema: Schema): Schema {
  const mended = mapInner(withRequired(withoutEmpty(schema)), mendSchema);
  return withTypes(withTuple(withBound(withBound(mended, 'Minimum'), 'Maximum')));
}

function withoutEmpty(schema: Schema): Schema {
  const given = Object.entries(schema).filter(
    ([word, value]) => word !== '$schema' && (value !== null || MAY_BE_NULL.has(word)),
  );
  return mapEntries(Object.fromEntries(given), (word, value) =>
    holdsByName(word) && isSchema(value) ? mapEntries(value, (_, one) => one ?? {}) : value,
  );
}

/** Draft 3 said in each property whether it has to be there. */
function withRequired(schema: Schema): Schema {
  const { properties, required } = schema;
  const names = new Set<unknown>(Array.isArray(required) ? required : []);
  if (!isSchema(properties))
    return Array.isArray(required) ? { ...schema, required: [...names] } : schema;
  const mended = mapEntries(properties, (name, property) => {
    if (!isSchema(property) || typeof property['required'] !== 'boolean') return property;
    const { required: isRequired, ...rest } = property;
    if (isRequired) names.add(name);
    return rest;
  });
  const isList = required === undefined || Array.isArray(required);
  return {
    ...schema,
    properties: mended,
    ...(isList && names.size > 0 && { required: [...names] }),
  };
}

/** Before 2019 a list under `items` stood for the first items, and `additionalItems` for the others. */
function withTuple(schema: Schema): Schema {
  const { items, additionalItems, ...rest } = schema;
  if (!Array.isArray(items)) return schema;
  return {
    ...rest,
    ...(items.length > 0 && { prefixItems: items }),
    ...(additionalItems !== undefined && { items: additionalItems }),
  };
}

/** In draft 4 and OpenAPI 3.0 a boolean said whether the bound itself is excluded. */
function withBound(schema: Schema, bound: 'Minimum' | 'Maximum'): Schema {
  const word = `exclusive${bound}`;
  const inclusive = bound.toLowerCase();
  const { [word]: isExclusive, ...rest } = schema;
  if (typeof isExclusive !== 'boolean') return schema;
  const { [inclusive]: limit, ...others } = rest;
  return isExclusive && limit !== undefined ? { ...others, [word]: limit } : rest;
}

/** "any" is no type of JSON Schema: it is what no type at all means. */
function withTypes(schema: Schema): Schema {
  const { type, ...rest } = schema;
  if (type === 'any' || (Array.isArray(type) && type.includes('any'))) return rest;
  return Array.isArray(type) ? { ...schema, type: [...new Set(type)] } : schema;
}
