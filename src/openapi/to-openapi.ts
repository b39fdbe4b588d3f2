import { APIS } from '../dialects/index.ts';
import type { Operation } from '../dialects/operation.ts';
import { toFailureResponses } from './failure-responses.ts';
import { adminOperations } from './operations/admin.ts';
import { serverOperations } from './operations/server.ts';
import { toRef, toSchemas } from './schemas.ts';

const OPERATIONS: readonly Operation[] = [
  ...APIS.flatMap(({ operations }) => operations),
  ...serverOperations,
  ...adminOperations,
];

const DESCRIPTION = `The claude command-line program behind the OpenAI and Anthropic APIs.

Every path under \`/v1\` is also served without it, and with it twice, as base URLs go. The key goes into
either header on every route. Every answer bears its id in \`request-id\` and \`x-request-id\`; parameters
that were given and could not be honoured are named in \`x-ignored-params\`.`;

export type OpenapiDocument = ReturnType<typeof toOpenapi>;

/** The OpenAPI 3.1 document of the app, from the schemas that check its requests. */
export function toOpenapi({ version }: { version: string }) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'claude-code-proxy',
      version,
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Relative: wherever the document was read.
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { apiKey: [] }],
    tags: [...new Set(OPERATIONS.map(({ tag }) => tag))],
    paths: toPaths(OPERATIONS),
    components: {
      schemas: toSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
    },
  };
}

function toPaths(operations: readonly Operation[]) {
  const byPath = Map.groupBy(operations, ({ path }) => path);
  return Object.fromEntries(
    [...byPath].map(([path, some]) => [
      path,
      Object.fromEntries(some.map((operation) => [operation.method, toItem(operation)])),
    ]),
  );
}

function toItem(operation: Operation) {
  const { id, tag, summary, description, body, form, isOpen } = operation;
  return {
    operationId: id,
    tags: [tag.name],
    summary,
    ...(description && { description }),
    ...(isOpen && { security: [] }),
    parameters: toParameters(operation),
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: toRef(body.schema), example: body.example } },
      },
    }),
    ...(form && { requestBody: toForm(form) }),
    responses: { ...toAnswer(operation), ...toFailureResponses(operation) },
  };
}

function toForm(form: NonNullable<Operation['form']>) {
  const properties = Object.fromEntries(
    Object.entries(form).map(([name, description]) => [
      name,
      // A file is bytes of its own: https://spec.openapis.org/oas/v3.1.0#considerations-for-file-uploads
      name === 'file' ? { description } : { type: 'string', description },
    ]),
  );
  const schema = { type: 'object', properties, required: ['file', 'purpose'] };
  return { required: true, content: { 'multipart/form-data': { schema } } };
}

function toParameters({ path, query = {} }: Operation) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const schema = { type: 'string' };
  return [
    ...names.map((name) => ({ name, in: 'path', required: true, schema })),
    ...Object.entries(query).map(([name, description]) => ({
      name,
      in: 'query',
      description,
      schema,
    })),
  ];
}

function toAnswer(operation: Operation): Record<string, object> {
  const { answer, status = 200, accepted, events, lines } = operation;
  if (typeof answer === 'object') {
    const { description, contentType } = answer;
    const content = contentType && { [contentType]: { schema: { type: 'string' } } };
    return { [answer.status]: { description, ...(content && { content }) } };
  }
  const streamed = events && { schema: toRef(events) };
  return {
    [status]: {
      description: streamed ? 'The answer, or its events one by one.' : 'The answer.',
      content: {
        'application/json': { schema: toRef(answer) },
        ...(streamed && lines !== 'always' && { 'text/event-stream': streamed }),
        ...(streamed && lines && { 'application/x-ndjson': streamed }),
      },
    },
    ...(accepted && {
      202: { description: 'It goes on by itself.', content: toContent(accepted) },
    }),
  };
}

function toContent(schema: string) {
  return { 'application/json': { schema: toRef(schema) } };
}
