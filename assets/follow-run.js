// The events of a run, over as many connections as that takes.
import { readEvents } from './read-answer.js';
import { readFailure, send } from './server.js';

/** Nothing comes behind these. */
const LAST = new Set(['run-end', 'error']);

/** Time between two connections, in milliseconds. */
const BREAK_MS = 1000;

/**
 * From the first event to the last. `body` is a stream that begins with the first; `tell` is given a
 * sentence when the connection is gone, and an empty one when it is back.
 */
export async function* followRun(id, { signal, body: given, tell }) {
  let body = given && readOn(given);
  for (let last = 0; !signal.aborted;) {
    try {
      const isOver = body === undefined && (await hasEnded(id, signal));
      const events = body ?? (await open(id, last, signal));
      body = undefined;
      tell('');
      for await (const event of readEvents(events)) {
        last += 1;
        yield event;
        if (LAST.has(event.type)) return;
      }
      if (isOver) return;
    } catch (error) {
      if (error instanceof Refusal) tell(error.message);
      if (error instanceof Refusal || signal.aborted) return;
      body = undefined;
      tell('The connection is gone; trying again …');
    }
    await new Promise((resolve) => setTimeout(resolve, BREAK_MS));
  }
}

/** The same stream, which is read to its end when nobody looks at it any more: a run in the foreground needs its reader. */
function readOn(body) {
  const [shown, kept] = body.tee();
  kept.pipeTo(new WritableStream()).catch(() => undefined); // whoever is shown it is told
  return shown;
}

/** What would be refused again. */
class Refusal extends Error {}

async function hasEnded(id, signal) {
  const response = await ask(`/api/runs/${id}`, signal);
  return (await response.json()).endedAt !== null;
}

async function open(id, last, signal) {
  return (await ask(`/api/runs/${id}/events?after=${last}`, signal)).body;
}

async function ask(path, signal) {
  const response = await send(path, { signal });
  if (response.ok) return response;
  const { status, reason } = await readFailure(response);
  throw status < 500 ? new Refusal(reason) : new Error(reason);
}
