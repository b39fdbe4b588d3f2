/** What ends a soak early, and the status that a shell expects of that. */
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

/** Has `stop` end all that was started before a signal ends this program. */
export function endEarly(stop: () => Promise<unknown>): void {
  for (const [signal, status] of SIGNALS) {
    process.once(signal, () => {
      process.on('uncaughtException', () => undefined); // what is under way fails now
      void stop().finally(() => process.exit(status));
    });
  }
}
