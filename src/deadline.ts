/** A signal that aborts when its time is over. `end` gives back what it holds. */
export type Deadline = { signal: AbortSignal; end: () => void };

/**
 * Makes a signal that aborts with the other one, or with a `TimeoutError` after so many milliseconds.
 * `AbortSignal.timeout` has no end: with all that heard it, it stays in memory for its whole time.
 */
export function createDeadline(timeMs: number, signal: AbortSignal): Deadline {
  const controller = new AbortController();
  const follow = () => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(toTimeout(timeMs)), timeMs).unref();
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', follow);
    },
  };
}

function toTimeout(timeMs: number) {
  return new DOMException(`It took longer than ${timeMs} ms.`, 'TimeoutError');
}
