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
