import { z } from 'zod';

import { APIS } from '../dialects/index.ts';
import { ownSchemas } from './own-schemas.ts';

const ALL = [...APIS.map(({ schemas }) => schemas), ownSchemas];

/** The words for failures are those of a dialect, or of one of its siblings. */
const FAILURES = APIS.map(({ failures: { schema } }) => [schema.name, schema.type] as const);

const BODIES = Object.assign({}, ...ALL.map(({ bodies }) => bodies));
const ANSWERS = Object.assign(
  {},
  Object.fromEntries(FAILURES),
  ...ALL.map(({ answers }) => answers),
);

/** All named schemas, as JSON Schema: what a request may be, and what an answer is. */
export function toSchemas(): Record<string, object> {
  return { ...toJsonSchemas(BODIES, 'input'), ...toJsonSchemas(ANSWERS, 'output') };
}

/** Points to a named schema of the document. */
export function toRef(name: string) {
  return { $ref: toPointer(name) };
}

function toJsonSchemas(table: Record<string, z.ZodType>, io: 'input' | 'output') {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(table)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io, uri: toPointer });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      // Their place in the document names them already.
      const { $id: _id, $schema: _dialect, ...rest } = schema;
      return [name, rest];
    }),
  );
}

function toPointer(name: string) {
  return `#/components/schemas/${name}`;
}
