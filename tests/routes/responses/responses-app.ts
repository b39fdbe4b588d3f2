import type { Run, RunRequest } from '../../../src/run.ts';
import { cannedRun, text } from '../../dialects/canned-run.ts';
import { createTestApp, get, post } from '../../support/create-test-app.ts';

export type Json = Record<string, unknown> & { id: string };

/** An app whose model says the same every time, and what it was asked. */
export function createResponsesApp(parts: Parameters<typeof cannedRun>[0] = [text('Hello.')]) {
  const requests: RunRequest[] = [];
  const run: Run = (request) => {
    requests.push(request);
    return cannedRun(parts);
  };
  return withCalls(run, requests);
}

/** The app over any run, with what tests do to it. */
export function withCalls(run: Run, requests: RunRequest[] = []) {
  const app = createTestApp({ run });
  return {
    app,
    requests,
    create: async (body: object) =>
      toJson(await post(app, '/v1/responses', { model: 'sonnet', ...body })),
    stream: (body: object) =>
      post(app, '/v1/responses', { model: 'sonnet', stream: true, ...body }),
    send: async (path: string, body: object = {}) => toAnswer(await post(app, path, body)),
    read: async (path: string) => toAnswer(await get(app, path)),
    remove: async (path: string) =>
      toAnswer(
        await app.request(path, {
          method: 'DELETE',
          headers: { authorization: 'Bearer app-key-0123456789' },
        }),
      ),
  };
}

export type Answer = { status: number; body: Json };

async function toAnswer(response: Response): Promise<Answer> {
  return { status: response.status, body: await toJson(response) };
}

async function toJson(response: Response): Promise<Json> {
  return (await response.json()) as Json; // every answer of these routes is an object
}

/** The turns of a request, in short: `user: Hi`. */
export function toSaid({ messages }: RunRequest): string[] {
  return messages.map(
    ({ role, parts }) =>
      `${role}: ${parts.map((part) => (part.type === 'text' ? part.text : part.type)).join('|')}`,
  );
}
