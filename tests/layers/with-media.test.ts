import { expect, test } from 'vitest';

import type { FetchMedia } from '../../src/media/fetch-media.ts';
import type { Media } from '../../src/media/read-media.ts';
import { createReadMedia, type MediaOptions, withMedia } from '../../src/layers/with-media.ts';
import type { MediaSource, Message, Part, RunRequest } from '../../src/run.ts';
import { cannedRun } from '../dialects/canned-run.ts';
import { GIF, HTML, JPEG, PDF, PNG, WEBP } from '../media/samples.ts';

const image = (source: MediaSource, path = 'here'): Part => ({ type: 'image', source, path });
const document = (source: MediaSource, path = 'here'): Part => ({
  type: 'document',
  source,
  title: 'a paper',
  path,
});
const url = (name: string): MediaSource => ({ kind: 'url', url: `http://example.com/${name}` });
const base64 = (mediaType: string, bytes: Buffer): MediaSource => ({
  kind: 'base64',
  mediaType,
  data: bytes.toString('base64'),
});
const user = (...parts: Part[]): Message => ({ role: 'user', parts });
const isPng = { kind: 'base64', mediaType: 'image/png', data: PNG.toString('base64') };

/** The messages that reach the run behind the layer. */
async function pass(
  messages: readonly Message[],
  {
    fetchMedia = answerWith(PNG),
    signal = new AbortController().signal,
    ...limits
  }: Partial<MediaOptions> & { signal?: AbortSignal } = {},
): Promise<readonly Message[]> {
  let reached: readonly Message[] = [];
  const run = withMedia(
    (request) => {
      reached = request.messages;
      return cannedRun([]);
    },
    createReadMedia({ fetchMedia, maxBytes: 1000, maxUrls: 20, timeoutMs: 60_000, ...limits }),
  );
  await Array.fromAsync(run({ messages } as RunRequest, signal)); // the layer reads nothing else
  return reached;
}

const answerWith =
  (bytes: Buffer, mediaType = 'image/png'): FetchMedia =>
  async () => ({ mediaType, bytes });

/** A web that answers when told to. */
function heldWeb() {
  const fetches: {
    url: string;
    answer: (media: Media) => void;
    fail: (error: unknown) => void;
    signal: AbortSignal;
  }[] = [];
  const fetchMedia: FetchMedia = (address, { signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Media>();
    signal.addEventListener('abort', () => reject(signal.reason));
    fetches.push({ url: address, answer: resolve, fail: reject, signal });
    return promise;
  };
  return { fetchMedia, fetches };
}

const refusal = (message: string, param = 'here') =>
  expect.objectContaining({ code: 'invalid-request', param, message });

test('a web address gives way to its content: at the top, earlier, and in a tool result', async () => {
  const result: Part = {
    type: 'tool-result',
    callId: 'c1',
    content: [{ type: 'text', text: 'see' }, image(url('a.png')) as never],
    isError: false,
  };
  const question: Part = { type: 'text', text: 'What is this?' };
  expect(await pass([user(image(url('b.png')), question), user(result)])).toEqual([
    { role: 'user', parts: [{ type: 'image', source: isPng }, question] },
    {
      role: 'user',
      parts: [
        {
          ...result,
          content: [
            { type: 'text', text: 'see' },
            { type: 'image', source: isPng },
          ],
        },
      ],
    },
  ]);
});

test('a fetched document keeps its title; a fetched text becomes text', async () => {
  const text = Buffer.from('grüß');
  expect(
    await pass([user(document(url('a')))], { fetchMedia: answerWith(PDF, 'application/pdf') }),
  ).toEqual([user({ type: 'document', title: 'a paper', source: base64('application/pdf', PDF) })]);
  expect(
    await pass([user(document(url('a')))], { fetchMedia: answerWith(text, 'text/plain') }),
  ).toEqual([user({ type: 'document', title: 'a paper', source: { kind: 'text', text: 'grüß' } })]);
});

test('where a part stood is forgotten, or the conversation would not be known again', async () => {
  const reached = await pass([user(document({ kind: 'text', text: 'a' }), image(url('a')))]);
  expect(JSON.stringify(reached)).not.toContain('here');
});

test.for([
  ['image/jpeg', PNG, 'image/png'],
  ['image/png', JPEG, 'image/jpeg'],
  ['image/jpg', JPEG, 'image/jpeg'],
  ['IMAGE/PNG', GIF, 'image/gif'],
  ['application/octet-stream', WEBP, 'image/webp'],
] as const)('an image sent as %s goes on as what it is', async ([declared, bytes, real]) => {
  expect(await pass([user(image(base64(declared, bytes)))])).toEqual([
    user({ type: 'image', source: base64(real, bytes) }),
  ]);
});

test('a PDF sent as an image is a document, and an image sent as a file is an image', async () => {
  expect(await pass([user(image(base64('application/pdf', PDF)))])).toEqual([
    user({ type: 'document', title: undefined, source: base64('application/pdf', PDF) }),
  ]);
  expect(await pass([user(document(base64('image/png', PNG)))])).toEqual([
    user({ type: 'image', source: base64('image/png', PNG) }),
  ]);
});

test('a PDF may begin with other lines, if it says what it is', async () => {
  const odd = Buffer.concat([Buffer.from('printed by hand\n'), PDF]);
  expect(await pass([user(document(base64('application/pdf', odd)))])).toMatchObject([
    { parts: [{ source: { mediaType: 'application/pdf' } }] },
  ]);
});

test('line breaks in base64 are left out', async () => {
  const data = PNG.toString('base64').replaceAll(/.{20}/g, '$&\r\n');
  const source: MediaSource = { kind: 'base64', mediaType: 'image/png', data };
  expect(await pass([user(image(source))])).toEqual([
    user({ type: 'image', source: isPng } as Part),
  ]);
});

const raw = (data: string): MediaSource => ({ kind: 'base64', mediaType: 'image/png', data });
const NO_IMAGE = 'The data is not a JPEG, PNG, GIF or WebP image.';
const NO_DOCUMENT = 'The data is neither a PDF nor declared as text.';

test.for([
  ['base64 with other signs', image(raw('iVBORw0KGgo*')), 'The data is not valid base64.'],
  ['base64 cut off', image(raw('iVBORw0KGgoAA')), 'The data is not valid base64.'],
  ['a data URL', image(raw('data:image/png;base64,AAAA')), 'The data is not valid base64.'],
  ['nothing', image(raw('')), 'The data is empty.'],
  ['a page as an image', image(base64('image/png', HTML)), NO_IMAGE],
  ['text as an image', image(base64('text/plain', HTML)), NO_IMAGE],
  ['a page as a PDF', document(base64('application/pdf', HTML)), NO_DOCUMENT],
  ['an archive', document(base64('application/zip', Buffer.from('PK'))), NO_DOCUMENT],
  [
    'text in another encoding',
    document(base64('text/plain', Buffer.from([0xfc]))),
    'The text is not encoded in UTF-8.',
  ],
  [
    'too much',
    image(base64('image/png', Buffer.concat([PNG, Buffer.alloc(1000)]))),
    'Images and documents may have 1000 bytes, those of all addresses together (MEDIA_MAX_BYTES).',
  ],
  [
    'no address',
    image({ kind: 'url', url: 'a.png' }),
    'Only http and https addresses can be fetched.',
  ],
] as const)('%s is refused, and nothing is fetched', async ([, part, sentence]) => {
  const { fetchMedia, fetches } = heldWeb();
  const messages = [user(image(url('a.png'), 'elsewhere'), part)];
  await expect(pass(messages, { fetchMedia })).rejects.toEqual(refusal(sentence));
  expect(fetches).toEqual([]);
});

test('an image of the assistant is refused', async () => {
  const messages: Message[] = [{ role: 'assistant', parts: [image(url('a.png'))] }];
  await expect(pass(messages)).rejects.toEqual(
    refusal('Only user messages can hold images and documents.'),
  );
});

test('what a page behind an address is, its bytes tell', async () => {
  const fetchMedia = answerWith(HTML, 'image/png');
  await expect(pass([user(image(url('a.png')))], { fetchMedia })).rejects.toEqual(
    refusal(NO_IMAGE),
  );
});

test('a part of a dialect that tells no path is in the messages', async () => {
  const part: Part = { type: 'image', source: raw('') };
  await expect(pass([user(part)])).rejects.toMatchObject({ param: 'messages' });
});

test('too many addresses are refused before the first is fetched; one named twice counts once', async () => {
  const { fetchMedia, fetches } = heldWeb();
  const parts = [image(url('a')), image(url('b')), image(url('a')), image(url('c'), 'third')];
  await expect(pass([user(...parts)], { fetchMedia, maxUrls: 2 })).rejects.toEqual(
    refusal(
      'At most 2 web addresses are fetched for one request (MEDIA_MAX_URLS); send the data itself.',
      'third',
    ),
  );
  expect(fetches).toEqual([]);
  expect(await pass([user(...parts.slice(0, 3))], { maxUrls: 2 })).toHaveLength(1);
});

test('a few are fetched at the same time, and each one once', async () => {
  const { fetchMedia, fetches } = heldWeb();
  const names = ['a', 'b', 'c', 'd', 'e', 'a'];
  const passed = pass([user(...names.map((name) => image(url(name))))], { fetchMedia });
  await expect.poll(() => fetches.length).toBe(4);
  for (const { answer } of fetches) answer({ mediaType: 'image/png', bytes: PNG });
  await expect.poll(() => fetches.length).toBe(5);
  fetches[4]?.answer({ mediaType: 'image/png', bytes: PNG });
  expect(await passed).toMatchObject([
    { parts: names.map(() => ({ type: 'image', source: isPng })) },
  ]);
  expect(fetches.map((fetch) => fetch.url.at(-1))).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('all addresses of a request share one size', async () => {
  const left: number[] = [];
  const fetchMedia: FetchMedia = async (_, { budget }) => {
    left.push((budget.left -= 300));
    return { mediaType: 'image/png', bytes: PNG };
  };
  await pass([user(image(url('a')), image(url('b')))], { fetchMedia });
  expect(left).toEqual([700, 400]);
});

test('one that fails ends the others', async () => {
  const { fetchMedia, fetches } = heldWeb();
  const passed = pass([user(image(url('a')), image(url('b')))], { fetchMedia });
  await expect.poll(() => fetches.length).toBe(2);
  const failure = new Error('gone');
  fetches[1]?.fail(failure);
  await expect(passed).rejects.toBe(failure);
  expect(fetches[0]?.signal.aborted).toBe(true);
});

test('slow ones end with the time limit', async () => {
  const { fetchMedia } = heldWeb();
  await expect(pass([user(image(url('a')))], { fetchMedia, timeoutMs: 1 })).rejects.toEqual(
    refusal('The addresses could not be fetched within 1 ms.'),
  );
});

test('a caller who leaves ends the fetching, with the reason', async () => {
  const { fetchMedia, fetches } = heldWeb();
  const controller = new AbortController();
  const passed = pass([user(image(url('a')))], { fetchMedia, signal: controller.signal });
  await expect.poll(() => fetches.length).toBe(1);
  controller.abort('left');
  await expect(passed).rejects.toBe('left');
  expect(fetches[0]?.signal.aborted).toBe(true);
});
