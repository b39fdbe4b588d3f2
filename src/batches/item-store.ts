import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { SqliteBatches } from './batch-store.ts';
import type { ItemTable, Settled } from './batch-tables.ts';

const item = z.object({ number: z.number(), customId: z.string(), body: z.string() });
const items = z.array(item);
const numbers = z.array(z.object({ number: z.number() }));
const lines = z.array(z.object({ number: z.number(), line: z.string() }));
const sizes = z.array(z.object({ rowid: z.number(), bytes: z.number() }));

/** Rows read, written or removed at once: more would hold others up. */
const SLICE = 200;

/** The table of the batches' requests and of their answers in SQLite. */
export function createItemTable(database: DatabaseSync, batches: SqliteBatches): ItemTable {
  const statements = prepare(database);

  const settleOne = (batchId: string, number: number, { outcome, line }: Settled) => {
    const was = statements.bodySize.get(batchId, number);
    if (!was) return;
    statements.settle.run(outcome, line, batchId, number);
    batches.count(batchId, outcome, 1);
    batches.grow(batchId, Buffer.byteLength(line) - Number(was['bytes']));
  };

  return {
    async add(batchId, added, first) {
      transact(database, () => {
        let bytes = 0;
        for (const [index, { customId, body }] of added.entries()) {
          statements.add.run(batchId, first + index, customId, body);
          bytes += Buffer.byteLength(body);
        }
        batches.count(batchId, 'total', added.length);
        batches.grow(batchId, bytes);
      });
    },
    countBegun: async (batchId, number) =>
      Number(statements.countBegun.get(batchId, number)?.['begun'] ?? 0),
    begin: async (batchId, number) => item.optional().parse(statements.begin.get(batchId, number)),
    leave: async (batchId, number) => void statements.leave.run(batchId, number),
    listWaiting: async (batchId, most) =>
      numbers.parse(statements.waiting.all(batchId, most)).map(({ number }) => number),
    listUnanswered: async (batchId) => items.parse(statements.waitingItems.all(batchId, SLICE)),
    async settle(batchId, settled) {
      transact(database, () => {
        for (const { number, ...one } of settled) settleOne(batchId, number, one);
      });
    },
    listLines: async (batchId, outcomes, after) =>
      lines.parse(statements.page.all({ batchId, outcomes: JSON.stringify(outcomes), after })),
    countBytes: async (batchId, outcomes) =>
      Number(statements.count.get({ batchId, outcomes: JSON.stringify(outcomes) })?.['bytes']),
    async removeSome(batchId, outcomes) {
      const removed = sizes.parse(
        statements.some.all({ batchId, outcomes: outcomes ? JSON.stringify(outcomes) : null }),
      );
      transact(database, () => {
        for (const { rowid } of removed) statements.remove.run(rowid);
        batches.grow(batchId, -removed.reduce((sum, { bytes }) => sum + bytes, 0));
      });
      return removed.length > 0;
    },
    resetTotal: async (batchId) => void statements.reset.run(batchId),
  };
}

function prepare(database: DatabaseSync) {
  return {
    add: database.prepare(
      'INSERT INTO items (batchId, number, customId, body) VALUES (?, ?, ?, ?)',
    ),
    countBegun: database.prepare(
      'SELECT begun FROM items WHERE batchId = ? AND number = ? AND outcome IS NULL',
    ),
    begin: database.prepare(
      `UPDATE items SET begun = coalesce(begun, 0) + 1
      WHERE batchId = ? AND number = ? AND outcome IS NULL RETURNING number, customId, body`,
    ),
    leave: database.prepare('UPDATE items SET begun = NULL WHERE batchId = ? AND number = ?'),
    waiting: database.prepare(
      'SELECT number FROM items WHERE batchId = ? AND outcome IS NULL ORDER BY number LIMIT ?',
    ),
    waitingItems: database.prepare(
      `SELECT number, customId, '' AS body FROM items WHERE batchId = ? AND outcome IS NULL ORDER BY number LIMIT ?`,
    ),
    bodySize: database.prepare(
      'SELECT octet_length(body) AS bytes FROM items WHERE batchId = ? AND number = ? AND outcome IS NULL',
    ),
    // The body has been of use.
    settle: database.prepare(
      `UPDATE items SET outcome = ?, line = ?, body = '' WHERE batchId = ? AND number = ?`,
    ),
    page: database.prepare(`
    SELECT number, line FROM items
    WHERE batchId = $batchId AND number > $after AND outcome IN (SELECT value FROM json_each($outcomes))
    ORDER BY number LIMIT ${SLICE / 10}`),
    count: database.prepare(`
    SELECT coalesce(sum(octet_length(line) + 1), 0) AS bytes FROM items
    WHERE batchId = $batchId AND outcome IN (SELECT value FROM json_each($outcomes))`),
    some: database.prepare(`
    SELECT rowid, octet_length(body) + coalesce(octet_length(line), 0) AS bytes FROM items
    WHERE batchId = $batchId AND ($outcomes IS NULL OR outcome IN (SELECT value FROM json_each($outcomes)))
    LIMIT ${SLICE}`),
    remove: database.prepare('DELETE FROM items WHERE rowid = ?'),
    reset: database.prepare('UPDATE batches SET total = 0 WHERE id = ?'),
  };
}

/** All of it, or nothing. */
function transact(database: DatabaseSync, work: () => void) {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
