import { expect, test } from 'vitest';

import { readSse } from './read-sse.ts';

const STREAM = 'event: one\ndata: 1\n\n: a comment\n\nid: 2\ndata: two\n\n';

test('messages are the same wherever the stream is cut', async () => {
  for (let cut = 0; cut <= STREAM.length; cut += 1) {
    const body = ReadableStream.from([STREAM.slice(0, cut), STREAM.slice(cut)]);
    const response = new Response(body.pipeThrough(new TextEncoderStream()));
    expect(await Array.fromAsync(readSse(response)), `cut at ${cut}`).toEqual([
      { id: undefined, event: 'one', data: '1' },
      { id: '2', event: undefined, data: 'two' },
    ]);
  }
});
