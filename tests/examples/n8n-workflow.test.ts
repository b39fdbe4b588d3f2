import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { createTestApp, post } from '../support/create-test-app.ts';

/** What the nodes take, of the versions that n8n-nodes-base 2.41 declares. */
const Node = z.discriminatedUnion('type', [
  toNode('manualTrigger', [1], {}),
  toNode('set', [3.4, 3.5], {
    assignments: z.strictObject({
      assignments: z.array(
        z.strictObject({
          id: z.uuid(),
          name: z.string(),
          type: z.enum(['string', 'number', 'boolean', 'array', 'object']),
          value: z.string(),
        }),
      ),
    }),
    options: z.strictObject({}),
  }),
  toNode('httpRequest', [4.2, 4.3, 4.4, 4.5], {
    method: z.enum(['GET', 'POST']),
    url: z.url(),
    authentication: z.literal('genericCredentialType'),
    genericAuthType: z.enum(['httpBearerAuth', 'httpHeaderAuth']),
    sendBody: z.literal(true),
    specifyBody: z.literal('json'),
    jsonBody: z.string().startsWith('={{'),
    options: z.strictObject({ timeout: z.int().positive() }),
  }),
]);

const Target = z.strictObject({
  node: z.string(),
  type: z.literal('main'),
  index: z.int().nonnegative(),
});

const Workflow = z.strictObject({
  name: z.string().min(1),
  nodes: z.array(Node).min(1),
  connections: z.record(z.string(), z.strictObject({ main: z.array(z.array(Target)) })),
  settings: z.strictObject({ executionOrder: z.literal('v1') }),
});

const FILE = new URL('../../examples/n8n-workflow.json', import.meta.url);
const workflow = Workflow.parse(JSON.parse(readFileSync(FILE, 'utf8')));

test('names and ids are unique, and hold no credential', () => {
  const { nodes } = workflow;

  expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
  expect(JSON.stringify(workflow)).not.toMatch(/ccp-|bearer |credentials/i);
});

test('from the trigger the connections lead through every node, once', () => {
  expect(toOrder()).toEqual(workflow.nodes.map(({ name }) => name));
});

test('what it sends is answered, and it finds the text in the answer', async () => {
  const item: Record<string, unknown> = {};
  for (const node of workflow.nodes) {
    if (node.type === 'n8n-nodes-base.set') {
      for (const { name, value } of node.parameters.assignments.assignments)
        item[name] = evaluate(value, item);
    }
    if (node.type === 'n8n-nodes-base.httpRequest') {
      const { url, jsonBody } = node.parameters;
      const answer = await post(createTestApp(), new URL(url).pathname, evaluate(jsonBody, item));
      Object.assign(item, await answer.json());
    }
  }

  expect(item).toMatchObject({ prompt: 'Say hello.', answer: 'Hello.' });
});

function toNode<Name extends string, Parameters extends z.ZodRawShape>(
  name: Name,
  versions: readonly number[],
  parameters: Parameters,
) {
  return z.strictObject({
    id: z.uuid(),
    name: z.string().min(1),
    type: z.literal(`n8n-nodes-base.${name}`),
    typeVersion: z.literal(versions),
    position: z.tuple([z.number(), z.number()]),
    parameters: z.strictObject(parameters),
  });
}

function toOrder(): string[] {
  const order: string[] = [];
  const next = [workflow.nodes.find(({ type }) => type.endsWith('Trigger'))?.name ?? ''];
  for (let name = next.shift(); name !== undefined; name = next.shift()) {
    order.push(name);
    next.push(...(workflow.connections[name]?.main.flat().map(({ node }) => node) ?? []));
  }
  return order;
}

/** n8n's expressions are JavaScript between braces. */
function evaluate(value: string, $json: object): unknown {
  const { code } = /^=\{\{(?<code>.*)\}\}$/s.exec(value)?.groups ?? {};
  return code === undefined ? value : (runInNewContext(code, { $json }) as unknown);
}
