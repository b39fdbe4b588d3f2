import type { Backend } from '../../src/backend.ts';
import {
  eventsFromWire,
  eventsToWire,
  requestFromWire,
  requestToWire,
} from '../../src/run-wire.ts';

/** A back end whose requests, events and failures are JSON texts on their way, as if it ran elsewhere. */
export function overWire(backend: Backend): Backend {
  return {
    ...backend,
    async *run(request, signal) {
      const arrived = requestFromWire(requestToWire(request));
      try {
        yield* eventsFromWire(eventsToWire(backend.run(arrived, signal)));
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      }
    },
    countTokens: (request, signal) =>
      backend.countTokens(requestFromWire(requestToWire(request)), signal),
  };
}
