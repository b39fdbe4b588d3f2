import { expect, test } from 'vitest';

import { withContentLog } from '../../src/layers/with-content-log.ts';
import { toChatRequest } from '../claude/chat-request.ts';
import { sayWords } from '../observation/runs.ts';

test('what was said until the reader left is logged, too', async () => {
  const lines: object[] = [];
  const run = withContentLog(sayWords(), { info: (line) => void lines.push(line) });
  for await (const event of run(toChatRequest(), new AbortController().signal)) {
    if (event.type === 'part-delta') break;
  }
  expect(lines).toMatchObject([{ requestId: 'req_1', answer: [{ type: 'text', text: 'Hello ' }] }]);
});
