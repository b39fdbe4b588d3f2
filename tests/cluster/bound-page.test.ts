import { expect, test } from 'vitest';

import { boundPage } from '../../src/cluster/worker/bound-page.ts';
import type { TranscriptMessage } from '../../src/sessions/session-transcript.ts';

const toMessage = (text: string): TranscriptMessage => ({
  role: 'user',
  at: '2026-11-29T00:00:00.000Z',
  parts: [{ type: 'text', text }],
});

const SMALL = [toMessage('one'), toMessage('two'), toMessage('three')];
const LARGE = toMessage('x'.repeat(1000));

test('the last messages that fit are told, and that there are more', () => {
  expect(boundPage({ messages: SMALL, hasMore: false })).toEqual({
    messages: SMALL,
    hasMore: false,
  });
  expect(boundPage({ messages: SMALL, hasMore: true }).hasMore).toBe(true);
  expect(boundPage({ messages: SMALL, hasMore: false }, 200)).toEqual({
    messages: SMALL.slice(1),
    hasMore: true,
  });
});

test('of a message that is too large by itself it is told that it is there', () => {
  const { messages, hasMore } = boundPage({ messages: [...SMALL, LARGE], hasMore: false }, 500);
  const named = { ...LARGE, parts: [{ type: 'other', kind: 'too-large' }] };
  expect({ messages, hasMore }).toEqual({ messages: [...SMALL, named], hasMore: false });
});
