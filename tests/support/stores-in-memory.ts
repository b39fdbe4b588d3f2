import { createSqliteStore as createResponseStore } from '../../src/responses/sqlite-store.ts';
import { createSqliteStore as createSessionStore } from '../../src/sessions/sqlite-store.ts';

/** A database of SQLite's that is no file, and is gone when it is closed. */
const IN_MEMORY = { file: ':memory:', onSetAside: () => {} };

export function createSessionsInMemory() {
  return createSessionStore(IN_MEMORY);
}

export function createResponsesInMemory() {
  return createResponseStore(IN_MEMORY, 'this server');
}
