const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

// npm passes Ctrl-C on to a program that the terminal has already told: one key press, two signals.
const SAME_PRESS_MS = 500;

/**
 * Calls `stop` at the first signal to end and exits with 0 afterwards; a second one, sent by an impatient
 * person, exits at once.
 */
export function stopOnSignals({
  stop,
  exit,
  emitter,
  now = () => performance.now(),
}: {
  stop: (signal: string) => Promise<void>;
  exit: (code: number) => void;
  emitter: NodeJS.EventEmitter;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}): void {
  let firstAt: number | undefined;
  for (const signal of SIGNALS) {
    emitter.on(signal, () => {
      if (firstAt === undefined) {
        firstAt = now();
        stop(signal).then(
          () => exit(0),
          (error: unknown) => {
            console.error(error);
            exit(1);
          },
        );
      } else if (now() - firstAt > SAME_PRESS_MS) {
        exit(1);
      }
    });
  }
}
