import { type DatabaseOptions, openDatabase } from '../state/open-database.ts';
import { type BatchTable, createBatchTable } from './batch-store.ts';
import { createFileTable, type FileTable } from './file-store.ts';
import { createItemTable, type ItemTable } from './item-store.ts';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';

/** Batches, their requests and files, in one SQLite file, which survives a restart. */
export type BatchStore = {
  batches: BatchTable;
  items: ItemTable;
  files: FileTable;
  close: () => void;
};

/** Opens the file, or a new one. */
export function openBatchStore(place: Pick<DatabaseOptions, 'file' | 'onSetAside'>): BatchStore {
  const database = openDatabase({ ...place, schema: SCHEMA, version: SCHEMA_VERSION });
  const batches = createBatchTable(database);
  return {
    batches,
    items: createItemTable(database, batches),
    files: createFileTable(database),
    close: () => database.close(),
  };
}
