import { expect, test } from 'vitest';

import { openHistory } from '../../src/observation/history.ts';
import { openRequests } from '../../src/observation/requests/open-requests.ts';
import { createWatch } from '../../src/observation/watch.ts';
import { RECORD } from './record.ts';

const PLACE = { file: ':memory:', onSetAside: () => undefined };

test('how full the server is stands in the history at each run, and whenever it is looked', () => {
  let waiting = 5;
  const spares = { chat: { hit: 3, missed: 0 }, agent: { hit: 1, missed: 1 } };
  const history = openHistory(PLACE);
  const watch = createWatch({
    queue: () => ({ waiting, running: 2, concurrency: 2 }),
    processes: () => ({ running: 2, ready: 1, kept: 1 }),
    runner: () => ({ spares, apiRetries: new Map(), restarts: 0 }),
    history,
    requests: openRequests(PLACE),
  });
  watch.observer.started?.(RECORD, () => undefined);
  waiting = 0;
  spares.chat.missed = 2;
  watch.observer.ended?.(RECORD);
  watch.sample();
  expect(history.read('hour').whole.load).toEqual({
    waiting: 5,
    running: 2,
    processes: 4,
    ready: 1,
    hit: 4,
    missed: 3,
  });
});
