import { AgentClientError } from './call.ts';

export type FollowOptions = {
  /** The number of the last event that is known. */
  after: number;
  signal: AbortSignal | undefined;
  /** The lines behind the event with this number. */
  open: (after: number) => Promise<ReadableStream<Uint8Array> | null>;
  hasEnded: () => Promise<boolean>;
};

/** Time between two connections, in milliseconds. */
const BREAK_MS = 500;

/** Nothing comes behind these. */
const LAST: ReadonlySet<string> = new Set(['run-end', 'error']);

/** Reads the events of a run to its end, on as many connections as that takes. */
export async function* followEvents<Event extends { type: string }>({
  after,
  signal,
  open,
  hasEnded,
}: FollowOptions): AsyncIterable<Event> {
  for (let last = after; ;) {
    try {
      const isOver = await hasEnded();
      for await (const line of readLines(await open(last))) {
        last += 1;
        const event = JSON.parse(line) as Event; // taken to be what the document says
        yield event;
        if (LAST.has(event.type)) return;
      }
      if (isOver) return;
    } catch (error) {
      // What the server refuses it would refuse again; and who stops wants no more.
      if (error instanceof AgentClientError || signal?.aborted) throw error;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, BREAK_MS);
    });
  }
}

/** A line that the end of the connection cut is none. */
async function* readLines(body: ReadableStream<Uint8Array> | null): AsyncIterable<string> {
  if (!body) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
}
