import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { StoredRun } from './run-store.ts';

/** The server of these is dead, or gave them back; older servers noted none. */
const IS_LEFT = `(server = '' OR server IN (SELECT value FROM json_each($dead))
  OR ($withUnknown AND server IS NULL))`;

/** Which runs no server is at: those of these dead ones, and maybe those of unknown ones. */
type Left = { dead: readonly string[]; withUnknown: boolean };

const servers = z.array(z.object({ server: z.string() }));

type LeftStoreOptions = {
  /** What is true of runs that have not ended, and of those that have not begun and wait for a server alone. */
  isUnfinished: string;
  isPutOff: string;
  parse: (rows: unknown) => readonly StoredRun[];
  /** Told of runs that wait for no answer any more. */
  withdraw: (runIds: readonly string[]) => void;
};

/** Finds what servers left in the file of the runs. */
export function createLeftStore(database: DatabaseSync, options: LeftStoreOptions) {
  const { isUnfinished, isPutOff, parse, withdraw } = options;
  const giveBack = database.prepare(`UPDATE runs SET server = '' WHERE id = ?`);
  const listServers = database.prepare(
    `SELECT DISTINCT server FROM runs WHERE ${isUnfinished} AND server <> ''`,
  );
  const findGivenBack = database.prepare(
    `SELECT 1 FROM runs WHERE ${isUnfinished} AND ${isPutOff} AND server = '' LIMIT 1`,
  );
  const interrupt = database.prepare(
    `UPDATE runs SET state = 'interrupted', endedAt = $endedAt
      WHERE ${isUnfinished} AND NOT ${isPutOff} AND ${IS_LEFT} RETURNING *`,
  );
  const claim = database.prepare(
    `UPDATE runs SET server = $server WHERE ${isUnfinished} AND ${isPutOff} AND ${IS_LEFT}
      RETURNING *`,
  );

  return {
    /** A run that has not begun is for any server to carry out. */
    giveBack: (id: string) => void giveBack.run(id),
    /** The servers that have unfinished runs. */
    listServers: () => servers.parse(listServers.all()).map(({ server }) => server),
    /** Whether a server gave a run back that nobody has taken since. */
    hasGivenBack: () => findGivenBack.get() !== undefined,
    /** What was left has ended at this time, where it had begun. */
    interruptLeft(left: Left, endedAt: number): readonly StoredRun[] {
      const cut = parse(interrupt.all({ ...toParameters(left), endedAt }));
      withdraw(cut.map(({ id }) => id));
      return cut;
    },
    /** What was left and had not begun is this server's from here on, and no other's; the oldest first. */
    claimPutOff(left: Left, server: string): readonly StoredRun[] {
      const claimed = parse(claim.all({ ...toParameters(left), server }));
      return claimed.toSorted((one, other) => one.createdAt - other.createdAt);
    },
  };
}

function toParameters({ dead, withUnknown }: Left) {
  return { dead: JSON.stringify(dead), withUnknown: Number(withUnknown) };
}
