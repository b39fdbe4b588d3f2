import type { RunBookOptions } from '../../src/agent-runs/run-book.ts';
import { createSharedPeers } from '../../src/agent-runs/shared/shared-peers.ts';
import { createSharedRunStore } from '../../src/agent-runs/shared/shared-run-store.ts';
import { openSharedState } from '../../src/cluster/open-shared-state.ts';
import { createSharedPlaces } from '../../src/limits/shared-places.ts';
import { createWaitingRoom } from '../../src/limits/waiting-room.ts';
import { RunError } from '../../src/run-error.ts';
import { createPatientWrites } from '../../src/state/patient-writes.ts';
import { joinCluster } from '../../src/state/shared-servers.ts';
import { createAskingRun } from '../agent-runs/asking-run.ts';
import { createTestRunBook, NO_INPUTS } from '../support/create-test-run-book.ts';

const SECRET = 'a-secret-of-this-cluster-0123456789';
const END = new RunError('shutting-down', 'The server stops.');

export type TestBookOptions = Partial<RunBookOptions> & {
  leaseMs?: number;
  id?: string;
  mostWaiting?: number;
};

/** The book of one of several servers; `lose` is its end without a word. What its runs are told is in `words`. */
export async function openTestBook(
  { redisUrl, prefix }: { redisUrl: string; prefix: string },
  { leaseMs = 10_000, id: serverId, mostWaiting = 10, ...rest }: TestBookOptions = {},
) {
  const shared = await openSharedState({ redisUrl, secret: SECRET, prefix, onProblem: ignore });
  const server = await joinCluster({ shared, id: serverId, leaseMs, onProblem: ignore });
  const places = createSharedPlaces({ shared, leaseMs });
  const takeRoom = createWaitingRoom(places, () => mostWaiting);
  const words: unknown[] = [];
  const { run: asking, answer } = createAskingRun((id) => ({
    type: 'plan-review',
    id,
    callId: 'toolu_1',
    plan: 'First.',
  }));
  const book = createTestRunBook({
    store: createSharedRunStore({ shared, server: server.id, ttlMs: 60_000 }),
    server: { ...server, isAlone: false },
    peers: createSharedPeers({ shared, server, onProblem: ignore }),
    writes: createPatientWrites({ patienceMs: 10_000, onProblem: ignore }),
    inputs: {
      ...NO_INPUTS,
      takeRoom,
      steering: {
        ...NO_INPUTS.steering,
        answer: async (_, id, given) => answer(id, given),
        send: async (id, { text }) => void words.push([id, text]),
        ask: async (_, question) => `Yes: ${question}`,
        takeBack: () => Promise.reject(new RunError('not-found', 'There is no such message.')),
      },
    },
    ...rest,
  });
  await book.listen();
  await book.takeOver();

  const close = async () => {
    await book.close(END);
    await server.close();
    places.close();
    shared.end();
  };
  const lose = () => {
    places.close();
    shared.end();
  };
  return { book, asking, words, takeRoom, lose, close, shared };
}

function ignore(): void {}
