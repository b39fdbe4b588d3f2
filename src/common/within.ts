/** What the promise brings, or `undefined` when it takes longer than `timeMs`. Its timer goes with it. */
export async function within<Value>(
  promise: Promise<Value>,
  timeMs: number,
): Promise<Value | undefined> {
  const patience = Promise.withResolvers<undefined>();
  const timer = setTimeout(patience.resolve, Math.max(timeMs, 0), undefined);
  try {
    return await Promise.race([promise, patience.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** How long this process may be stopped, or busy, for it to count as one step of a wait, in milliseconds. */
const STEP_MS = 50;

/**
 * The same for an answer from outside, of whose time only that counts in which this process ran: while it was busy
 * or stopped, the answer may have come.
 */
export async function withinOwnTime<Value>(
  promise: Promise<Value>,
  timeMs: number,
): Promise<Value | undefined> {
  const done = promise.then((value) => ({ value }));
  for (let leftMs = timeMs; leftMs > 0; leftMs -= STEP_MS) {
    const found = await within(done, Math.min(leftMs, STEP_MS));
    if (found) return found.value;
  }
  await new Promise((resolve) => setImmediate(resolve)); // what came meanwhile is read
  return (await within(done, 0))?.value;
}
