import type { ValidateFunction } from 'ajv';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';

import type { Schema } from './json-schema.ts';

const OPTIONS = { strict: false, validateFormats: false, logger: false } as const;

const LATEST = 'https://json-schema.org/draft/2020-12/schema';

/** How to check a schema by the meta-schema that it names; made when first needed. */
const CHECKS: Readonly<Record<string, () => ValidateFunction | undefined>> = {
  [LATEST]: once(() => new Ajv2020(OPTIONS).getSchema(LATEST)),
  'https://json-schema.org/draft/2019-09/schema': once(() =>
    new Ajv2019(OPTIONS).getSchema('https://json-schema.org/draft/2019-09/schema'),
  ),
  'http://json-schema.org/draft-07/schema': once(() =>
    new Ajv(OPTIONS).getSchema('http://json-schema.org/draft-07/schema'),
  ),
};

/**
 * What is wrong with a schema by the meta-schema that its `$schema` names, by default 2020-12, with the
 * place in it (`properties.size.type must be …`). Meta-schemas that are not known here find nothing wrong:
 * the CLI passes such a schema on as it is (2.1.330).
 */
export function findComplaint(schema: Schema): string | undefined {
  const { $schema: named = LATEST } = schema;
  const validate = CHECKS[String(named).replace(/#$/, '')]?.();
  if (!validate || validate(schema)) return undefined;
  const [error] = validate.errors ?? [];
  return `${toPath(error?.instancePath ?? '')} ${error?.message ?? 'is not valid'}`.trim();
}

/** A JSON pointer in the notation of our other complaints. */
function toPath(pointer: string) {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
