import { join } from 'node:path';

import { createGenerator } from 'ts-json-schema-generator';

/** JSON Schema as the generator writes it. */
export type TypeSchema = {
  $ref?: string;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly TypeSchema[];
  items?: TypeSchema;
  properties?: Record<string, TypeSchema>;
  required?: string[];
};

export type Definitions = Record<string, TypeSchema>;

const MODULES = join(import.meta.dirname, '../../node_modules');

/** What the references of such a schema begin with. */
export const DEFINITIONS = '#/definitions/';

/** Makes JSON Schemas of the types that a package's file declares; fields that a type does not name are wrong unless `isOpen`. */
export function createTypeSchemas(
  declaration: string,
  { isOpen = false } = {},
): (type: string) => { definitions: Definitions } {
  const generator = createGenerator({
    path: join(MODULES, declaration),
    tsconfig: join(import.meta.dirname, 'tsconfig.json'),
    additionalProperties: isOpen,
    skipTypeCheck: true,
    expose: 'all',
    jsDoc: 'none',
  });
  return (type) => generator.createSchema(type) as { definitions: Definitions }; // of object types and unions of them
}
