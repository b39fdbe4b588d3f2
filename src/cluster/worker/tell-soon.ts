/** How soon the others are told that a run has begun or ended, in milliseconds; of many at once they are told once. */
const TELL_MS = 50;

type TellSoon = { soon: () => void; stop: () => void };

/** Tells the others how the worker is a moment after something has changed, behind what the run itself waits for. */
export function createTellSoon(
  tell: () => Promise<void>,
  onProblem: (error: unknown) => void,
): TellSoon {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const now = () => {
    timer = undefined;
    void tell().catch(onProblem);
  };
  return {
    soon: (): void => {
      if (!isStopped) timer ??= setTimeout(now, TELL_MS);
    },
    stop: (): void => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
