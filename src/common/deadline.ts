import { addAbortListener } from 'node:events';

/** A signal that aborts when its time is over. */
export type Deadline = {
  signal: AbortSignal;
  /** The time stands still until `resume`; twice is once. */
  pause: () => void;
  resume: () => void;
  /** Gives back what it holds. */
  end: () => void;
};

/**
 * Makes a signal that aborts with the other one, or with a `TimeoutError` after so many milliseconds.
 * `AbortSignal.timeout` cannot be cancelled: it and its listeners stay in memory until it fires.
 */
export function createDeadline(timeMs: number, signal: AbortSignal): Deadline {
  const controller = new AbortController();
  const follow = () => controller.abort(signal.reason);
  let leftMs = timeMs;
  let startedAt = 0;
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;

  const resume = () => {
    if (timer || isOver) return;
    startedAt = performance.now();
    timer = setTimeout(() => controller.abort(toTimeout(timeMs)), leftMs).unref();
  };
  const pause = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = undefined;
    leftMs = Math.max(0, leftMs - (performance.now() - startedAt));
  };

  resume();
  if (signal.aborted) follow();
  const listener = addAbortListener(signal, follow);
  return {
    signal: controller.signal,
    pause,
    resume,
    end() {
      pause();
      isOver = true;
      listener[Symbol.dispose]();
    },
  };
}

function toTimeout(timeMs: number) {
  return new DOMException(`It took longer than ${timeMs} ms.`, 'TimeoutError');
}
