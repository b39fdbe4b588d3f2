import { Ajv2020 } from 'ajv/dist/2020.js';

import { toOpenapi } from '../../src/openapi/to-openapi.ts';

export const DOCUMENT = toOpenapi({ version: '1.2.3' });

/** Whether the document allows a value here, sentence by sentence. */
export type Check = (value: unknown) => string[];

type Schema = { $ref?: string };
type Media = Record<string, { schema: Schema; example?: unknown }>;

type Operation = {
  requestBody?: { content: Media };
  responses: Record<string, { content?: Media }>;
  security?: unknown[];
};

/** Every operation of the document: `POST /v1/messages` → what is said of it. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries(DOCUMENT.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [
      `${method.toUpperCase()} ${path}`,
      operation as Operation, // made by this document's own code
    ]),
  ),
);

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema(DOCUMENT, 'openapi');

/** A check against one of the document's named schemas. */
export function checkOf(name: string): Check {
  const validate = ajv.getSchema(`openapi#/components/schemas/${name}`);
  if (!validate) throw new Error(`The document has no schema ${name}.`);
  return (value) => {
    void validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

/** A check of an answer; throws when the document knows no such answer. */
export function answerCheckOf(operation: string, status: number, contentType: string): Check {
  const { content } = OPERATIONS.get(operation)?.responses[String(status)] ?? {};
  const { $ref } = content?.[contentType]?.schema ?? {};
  if ($ref === undefined) throw new Error(`${operation} has no ${status} as ${contentType}.`);
  return checkOf($ref.replace('#/components/schemas/', ''));
}
