import Anthropic from '@anthropic-ai/sdk';
import { onTestFinished } from 'vitest';
import {
  startModelServer,
  type ModelServer,
  type ModelServerOptions,
} from '../../src/demo/model-server.ts';

/** A model server that ends with the test. */
export async function openServer(options?: ModelServerOptions): Promise<ModelServer> {
  const server = await startModelServer(options);
  onTestFinished(() => server.close());
  return server;
}

/** The vendor's own client, which tries once. */
export function createClient({ url }: ModelServer): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 });
}

/** A body that keeps every rule. */
export const GOOD = {
  model: 'claude-sonnet-5',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'hello' }],
};

/** Sends a body as any HTTP client does. */
export function post(
  { url }: ModelServer,
  body: unknown,
  {
    path = '/v1/messages',
    headers = { 'x-api-key': 'any', 'anthropic-version': '2023-06-01' },
    signal,
  }: { path?: string; headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: signal ?? null,
  });
}
