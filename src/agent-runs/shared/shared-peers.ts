import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { RunError } from '../../run-error.ts';
import type { SharedServer } from '../../state/shared-servers.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { answerToWire, createWireCalls } from '../../wire-calls.ts';
import type { RunCall, RunPeers, RunTold } from '../run-peers.ts';

export type SharedPeersOptions = {
  shared: SharedState;
  server: Pick<SharedServer, 'id' | 'isRunning'>;
  /** Told of what could not be told to the others, or answered. */
  onProblem: (error: unknown) => void;
};

/** Longest wait for an answer, in milliseconds: the model may be asked something. */
const ANSWER_MS = 60_000;

/** How long is gathered what all others are told together, in milliseconds. */
const GATHER_MS = 20;

const NEWS = 'run-news';

const Asked = z.object({
  from: z.string(),
  call: z.custom<RunCall>(), // as `ask` wrote it
});

const News = z.object({ from: z.string(), told: z.array(z.custom<RunTold>()) }); // as `send` wrote it

/** Lets the servers of a cluster ask and tell each other of their runs. */
export function createSharedPeers(options: SharedPeersOptions): RunPeers {
  const { shared, server, onProblem } = options;
  const calls = createCalls(options);
  const gathered = new Map<string, RunTold>();
  let timer: NodeJS.Timeout | undefined;

  const send = async () => {
    clearTimeout(timer);
    timer = undefined;
    if (gathered.size === 0) return;
    const told = [...gathered.values()];
    gathered.clear();
    await shared.publish(NEWS, JSON.stringify({ from: server.id, told })).catch(onProblem);
  };

  return {
    ask: (...asked) => calls.ask(...asked),
    tell(told) {
      // Every change is told, new events of a run once.
      gathered.set(told.change ? randomUUID() : told.id, told);
      timer ??= setTimeout(() => void send(), GATHER_MS).unref();
    },
    async listen(carryOut, onTold) {
      await calls.listen(carryOut);
      await shared.subscribe(NEWS, (text) => {
        const { from, told } = News.parse(JSON.parse(text));
        if (from !== server.id) told.forEach(onTold);
      });
    },
    close: send,
  };
}

/** Asks a server, and waits for its answer. What is asked may be large, and goes by reference. */
function createCalls({ shared, server, onProblem }: SharedPeersOptions) {
  const { toKey, ask: askRedis, encrypt, decrypt, publish, subscribe } = shared;
  const calls = createWireCalls({ answerMs: ANSWER_MS, toNoAnswer });

  const answer = async (id: string, carryOut: (call: RunCall) => Promise<unknown>) => {
    const sealed = await askRedis((redis) => redis.getdelBuffer(toKey('run-call', id)));
    if (!sealed) return; // it was waited for too long
    const { from, call } = Asked.parse(JSON.parse(decrypt(sealed, toPlace(id, server.id))));
    await publish(toAnswers(from), await answerToWire(id, carryOut(call)));
  };

  return {
    async ask(to: string, call: RunCall): Promise<unknown> {
      if (!(await server.isRunning(to))) throw new RunError('conflict', 'This run is not at work.');
      return calls.ask(async (id) => {
        const sealed = encrypt(JSON.stringify({ from: server.id, call }), toPlace(id, to));
        await askRedis((redis) => redis.set(toKey('run-call', id), sealed, 'PX', ANSWER_MS));
        await publish(toCalls(to), id);
        return true;
      });
    },
    async listen(carryOut: (call: RunCall) => Promise<unknown>) {
      await subscribe(toAnswers(server.id), (text) => calls.take(text));
      await subscribe(toCalls(server.id), (id) => void answer(id, carryOut).catch(onProblem));
    },
  };
}

/** The topics on which a server is asked, and answered. */
function toCalls(server: string) {
  return `run-calls-${server}`;
}

function toAnswers(server: string) {
  return `run-answers-${server}`;
}

function toPlace(id: string, server: string) {
  return `run call ${id} ${server}`;
}

function toNoAnswer() {
  const sentence =
    'The server that carries out this run does not answer at present. Try again later.';
  return new RunError('queue-timeout', sentence, { retryAfterSeconds: 2 });
}
