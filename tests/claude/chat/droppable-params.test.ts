import { expect, test } from 'vitest';

import { createLearntRefusals } from '../../../src/claude/chat/droppable-params.ts';

const HOUR_MS = 60 * 60_000;

test('what was learnt is told by model and parameter, once for several values, until it expires', () => {
  let nowMs = 0;
  const learnt = createLearntRefusals(() => nowMs);
  learnt.dropped.set('one value', { model: 'opus', dropped: ['topP'] });
  nowMs = 1000;
  learnt.dropped.set('another', { model: 'opus', dropped: ['topP', 'temperature'] });

  expect(learnt.list()).toEqual([
    { model: 'opus', param: 'topP', expiresInMs: HOUR_MS },
    { model: 'opus', param: 'temperature', expiresInMs: HOUR_MS },
  ]);

  nowMs = HOUR_MS;
  expect(learnt.dropped.get('one value')).toBeUndefined();
  expect(learnt.dropped.get('another')?.dropped).toEqual(['topP', 'temperature']);
  nowMs = HOUR_MS + 1000;
  expect(learnt.list()).toEqual([]);
});
