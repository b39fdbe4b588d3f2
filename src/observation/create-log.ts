import { pino } from 'pino';

import type { Environment } from '../config.ts';
import { type Redact, toRedact } from './redact.ts';

export type LogOptions = {
  /** The least important level that is written. */
  level: string;
  /** Texts that no line may hold. */
  secrets: readonly string[];
  /** Where the lines go. Default: stderr. */
  destination?: { write(line: string): void };
};

const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;

/** Makes the log. Secrets are taken out of each finished line, so whatever is logged cannot hold one. */
export function createLog({
  level,
  secrets,
  destination = pino.destination(2),
}: LogOptions): pino.Logger {
  return pino(
    { level, serializers: { err: toLoggedError } },
    withRedaction(destination, toRedact(secrets)),
  );
}

/** An error without what ioredis adds: the command that failed, with passwords and requests as its arguments. */
function toLoggedError(error: Error) {
  return { ...pino.stdSerializers.err(error), command: undefined, previousErrors: undefined };
}

/** The values of the variables that are secrets by their names. */
export function listSecrets(environment: Environment): readonly string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && SECRET_NAME.test(name) ? [value] : [],
  );
}

function withRedaction(destination: { write(line: string): void }, redact: Redact) {
  return { write: (line: string) => destination.write(redact(line)) };
}
