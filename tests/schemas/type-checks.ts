import { Ajv } from 'ajv';

import { createTypeSchemas, DEFINITIONS, type Definitions } from './type-schema.ts';

/** What is wrong with a value, sentence by sentence. */
export type TypeCheck = (value: unknown) => string[];

/**
 * Makes checks of the types that a package declares, by way of JSON Schema. A field that the type does
 * not name is as wrong as one that is missing, unless `isOpen`. Deviations (`Type.field`) are fields
 * that this server adds, leaves out, or fills in its own way, on purpose.
 */
export function createTypeChecks(
  declaration: string,
  options: { isOpen?: boolean } = {},
): (type: string, deviations?: readonly string[]) => TypeCheck {
  const toSchema = createTypeSchemas(declaration, options);

  return (type, deviations = []) => {
    const schema = toSchema(type);
    const { definitions } = schema;
    for (const deviation of deviations) allow(definitions, deviation);
    const ajv = new Ajv({ strict: false, allErrors: true }).addSchema(schema, type);

    return (value) => {
      const validate = ajv.getSchema(`${type}${DEFINITIONS}${toMember(definitions, type, value)}`);
      if (!validate) throw new Error(`${declaration} declares no ${type}.`);
      void validate(value);
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) =>
          `${instancePath} ${message} ${JSON.stringify(params)}`,
      );
    };
  };
}

/** The member of a union that has the value's `type`: the others would only complain of that. */
function toMember(definitions: Definitions, union: string, value: unknown): string {
  const members = definitions[union]?.anyOf ?? [];
  const names = members.map(({ $ref = '' }) => $ref.slice(DEFINITIONS.length));
  const { type } = Object(value);
  return names.find((name) => definitions[name]?.properties?.['type']?.const === type) ?? union;
}

function allow(definitions: Definitions, deviation: string): void {
  const dot = deviation.lastIndexOf('.');
  const definition = definitions[deviation.slice(0, dot)];
  if (!definition) throw new Error(`There is no ${deviation} to deviate from.`);
  const field = deviation.slice(dot + 1);
  definition.properties = { ...definition.properties, [field]: {} };
  definition.required = (definition.required ?? []).filter((name) => name !== field);
}
