import { join } from 'node:path';

import { Ajv } from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';

/** What is wrong with a value, sentence by sentence. */
export type TypeCheck = (value: unknown) => string[];

type Options = {
  /** `Type.field`: fields that this server adds, leaves out, or fills in its own way, on purpose. */
  deviations?: readonly string[];
  /** Lets fields pass that the type does not name. */
  isOpen?: boolean;
};

type Schemas = Record<string, unknown> & {
  definitions?: Record<string, { properties?: object; required?: string[] }>;
};

const MODULES = join(import.meta.dirname, '../../node_modules');

/**
 * Makes checks of the types that a package declares, by way of JSON Schema. A field that the type does
 * not name is as wrong as one that is missing.
 */
export function createTypeChecks(
  declaration: string,
  { deviations = [], isOpen = false }: Options = {},
): (type: string) => TypeCheck {
  const generator = createGenerator({
    path: join(MODULES, declaration),
    tsconfig: join(import.meta.dirname, 'tsconfig.json'),
    additionalProperties: isOpen,
    skipTypeCheck: true,
    expose: 'all',
    jsDoc: 'none',
  });

  return (type) => {
    const schema = generator.createSchema(type) as Schemas; // made a moment ago, with these parts
    for (const deviation of deviations) allow(schema, deviation);
    const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
    return (value) => {
      validate(value);
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) =>
          `${instancePath} ${message} ${JSON.stringify(params)}`,
      );
    };
  };
}

function allow({ definitions = {} }: Schemas, deviation: string): void {
  const dot = deviation.lastIndexOf('.');
  const definition = definitions[deviation.slice(0, dot)];
  if (!definition) return;
  const field = deviation.slice(dot + 1);
  definition.properties = { ...definition.properties, [field]: {} };
  definition.required = (definition.required ?? []).filter((name) => name !== field);
}
