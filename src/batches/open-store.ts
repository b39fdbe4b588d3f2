import { type DatabaseOptions, openDatabase } from '../state/open-database.ts';
import { createBatchTable } from './batch-store.ts';
import type { BatchStore } from './batch-tables.ts';
import { createFileTable } from './file-store.ts';
import { createItemTable } from './item-store.ts';
import { LATER_COLUMNS, SCHEMA, SCHEMA_VERSION } from './schema.ts';

/** Opens batches, their requests and files, in one SQLite file, which survives a restart, or a new one. */
export function openBatchStore(place: Pick<DatabaseOptions, 'file' | 'onSetAside'>): BatchStore {
  const database = openDatabase({
    ...place,
    schema: SCHEMA,
    version: SCHEMA_VERSION,
    laterColumns: LATER_COLUMNS,
  });
  const batches = createBatchTable(database);
  return {
    batches,
    items: createItemTable(database, batches),
    files: createFileTable(database),
    close: () => database.close(),
  };
}
