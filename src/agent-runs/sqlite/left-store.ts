import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { Left, LeftStore, StoredRun } from '../run-store.ts';

/** The server of these is dead, or gave them back; older servers noted none. */
const IS_LEFT = `(server = '' OR server IN (SELECT value FROM json_each($dead))
  OR ($withUnknown AND server IS NULL))`;

const servers = z.array(z.object({ server: z.string() }));

type LeftStoreOptions = {
  /** What is true of runs that have not ended, and of those that have not begun and wait for a server alone. */
  isUnfinished: string;
  isPutOff: string;
  /** What a run takes that has no answer. */
  bytes: string;
  parse: (rows: unknown) => readonly StoredRun[];
  /** Told of runs that wait for no answer any more. */
  withdraw: (runIds: readonly string[]) => void;
};

/** Finds what servers left in the file of the runs. */
export function createLeftStore(database: DatabaseSync, options: LeftStoreOptions): LeftStore {
  const { parse, withdraw } = options;
  const statements = prepare(database, options);

  return {
    giveBack: async (id) => void statements.giveBack.run(id),
    listServers: async () =>
      servers.parse(statements.listServers.all()).map(({ server }) => server),
    hasGivenBack: async () => statements.findGivenBack.get() !== undefined,
    async interruptLeft(left, endedAt) {
      const cut = parse(statements.interrupt.all({ ...toParameters(left), endedAt }));
      withdraw(cut.map(({ id }) => id));
      return cut;
    },
    async claimPutOff(left, server) {
      const claimed = parse(statements.claim.all({ ...toParameters(left), server }));
      return claimed.toSorted((one, other) => one.createdAt - other.createdAt);
    },
    noteBeginning: async (id, server) =>
      Number(statements.noteBeginning.get(id, server)?.['beginnings'] ?? 1) - 1,
    noteBegun: async (id, server) => void statements.noteBegun.run(id, server),
    cancelPutOff: async (id, server, endedAt) =>
      statements.cancel.run({ id, server, endedAt }).changes > 0,
  };
}

function prepare(database: DatabaseSync, { isUnfinished, isPutOff, bytes }: LeftStoreOptions) {
  return {
    giveBack: database.prepare(`UPDATE runs SET server = '', beginnings = NULL WHERE id = ?`),
    listServers: database.prepare(
      `SELECT DISTINCT server FROM runs WHERE ${isUnfinished} AND server <> ''`,
    ),
    findGivenBack: database.prepare(
      `SELECT 1 FROM runs WHERE ${isUnfinished} AND ${isPutOff} AND server = '' LIMIT 1`,
    ),
    interrupt: database.prepare(
      `UPDATE runs SET state = 'interrupted', endedAt = $endedAt, bytes = ${bytes}
      WHERE ${isUnfinished} AND NOT ${isPutOff} AND ${IS_LEFT} RETURNING *`,
    ),
    claim: database.prepare(
      `UPDATE runs SET server = $server WHERE ${isUnfinished} AND ${isPutOff} AND ${IS_LEFT}
      RETURNING *`,
    ),
    noteBeginning: database.prepare(
      `UPDATE runs SET beginnings = coalesce(beginnings, 0) + 1 WHERE id = ? AND server = ?
      RETURNING beginnings`,
    ),
    noteBegun: database.prepare(`UPDATE runs SET beginnings = NULL WHERE id = ? AND server = ?`),
    cancel: database.prepare(
      `UPDATE runs SET state = 'cancelled', endedAt = $endedAt, bytes = ${bytes}
      WHERE id = $id AND ${isUnfinished} AND ${isPutOff} AND server = $server`,
    ),
  };
}

function toParameters({ dead, withUnknown }: Left) {
  return { dead: JSON.stringify(dead), withUnknown: Number(withUnknown) };
}
