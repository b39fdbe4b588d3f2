/**
 * The library: `createApp(parts)` is a plain `fetch(request)` handler that mounts in another Hono app,
 * and a `Run` of your own can stand behind it. And a client: `createAgentClient(baseUrl, key)`.
 */
export { type AgentClient, createAgentClient } from './agent-client/create-agent-client.ts';
export { AgentClientError } from './agent-client/call.ts';
export { type AppParts, type AppSettings, createApp } from './app.ts';
export type { CliStatus, Model, ReadCliStatus } from './backend.ts';
export { createKeyBook, type KeyBook } from './keys/key-book.ts';
export type { KeyPlace } from './keys/key-place.ts';
export { createKeyStore, type KeyStore } from './keys/key-store.ts';
export { createKeysFile } from './keys/keys-file.ts';
export { RunError, type RunErrorCode } from './run-error.ts';
export type * from './run-input.ts';
export type * from './run.ts';
