/** What a call throws, which must be of that class; fails the test when it throws nothing. */
export async function failureOf<Failure extends Error>(
  Class: new (...args: never[]) => Failure,
  call: Promise<unknown>,
): Promise<Failure> {
  const error: unknown = await call.then(
    () => 'nothing was thrown',
    (reason: unknown) => reason,
  );
  if (!(error instanceof Class)) throw new Error(`No ${Class.name}: ${String(error)}`);
  return error;
}
