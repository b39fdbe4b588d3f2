import type { RequestListener } from 'node:http';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Block } from '../../src/demo/messages-body.ts';
import { PDF, PNG, toNoise } from '../media/samples.ts';
import { startWeb, type Web, watchConnections } from '../media/start-web.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { readProcesses } from '../support/watch-place.ts';

/** Large enough that it comes in many pieces; the CLI looks into it, so it is a whole image. */
const PHOTO = toNoise(200);

const FILES: Record<string, { type: string; bytes: Buffer }> = {
  '/a.png': { type: 'image/png', bytes: PNG },
  '/photo': { type: 'image/png', bytes: PHOTO },
  '/a.pdf': { type: 'application/pdf', bytes: PDF },
  '/a.txt': { type: 'text/plain', bytes: Buffer.from('Grüße') },
  '/page': { type: 'text/html', bytes: Buffer.from('<p>') },
};

const serveFile: RequestListener = ({ url = '' }, response) => {
  const file = FILES[url];
  if (file) response.setHeader('content-type', file.type).end(file.bytes);
  else response.writeHead(404).end();
};

let web: Web;
let proxy: Proxy;
beforeAll(async () => {
  web = await startWeb(serveFile);
  proxy = await startProxy({ settings: { MEDIA_ALLOWED_HOSTS: '127.0.0.1' } });
});
afterAll(async () => {
  await proxy.stop();
  await web.close();
});
beforeEach(() => void proxy.model.requests.splice(0));

const base64 = (bytes: Buffer) => bytes.toString('base64');
const source = (type: string, bytes: Buffer) => ({
  type: 'base64',
  media_type: type,
  data: base64(bytes),
});
const isImage = (type: string, bytes: Buffer) => ({ type: 'image', source: source(type, bytes) });
const isPdf = { type: 'document', source: source('application/pdf', PDF) };
const isText = (text: string) => ({
  type: 'document',
  source: { type: 'text', media_type: 'text/plain', data: text },
});

const imageUrl = (url: string) => ({ type: 'image_url', image_url: { url } });
const dataUrl = (type: string, bytes: Buffer) => `data:${type};base64,${base64(bytes)}`;
const file = (data: string) => ({ type: 'file', file: { filename: 'a file', file_data: data } });
const at = (path: string) => web.url + path;

/** The images and documents that the model got, in order, those in tool results too. */
async function upstream(path: string, body: object) {
  const response = await proxy.send(path, { model: 'sonnet', ...body });
  expect(response.status).toBe(200);
  await response.text();
  const blocks = (proxy.model.requests.at(-1)?.body.messages ?? []).flatMap(({ content }) =>
    typeof content === 'string' ? [] : content,
  );
  return blocks.flatMap((block): Block[] => [block, ...inner(block)]).filter(isMedia);
}

function inner({ content }: Block): Block[] {
  return typeof content === 'object' ? content : [];
}

function isMedia({ type }: Block) {
  return type === 'image' || type === 'document';
}

const CHAT = '/v1/chat/completions';
const MESSAGES = '/v1/messages';

const chat = (...parts: object[]) => ({
  messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, ...parts] }],
});
const messages = (...blocks: object[]) => ({ max_tokens: 1000, ...chat(...blocks) });

test.for([
  ['a data URL', () => imageUrl(dataUrl('image/png', PHOTO)), isImage('image/png', PHOTO)],
  ['a web address', () => imageUrl(at('/photo')), isImage('image/png', PHOTO)],
  [
    'a data URL that says the wrong type',
    () => imageUrl(dataUrl('image/jpeg', PNG)),
    isImage('image/png', PNG),
  ],
  ['a PDF file', () => file(dataUrl('application/pdf', PDF)), { ...isPdf, title: 'a file' }],
  ['a PDF by its address', () => file(at('/a.pdf')), { ...isPdf, title: 'a file' }],
  [
    'a text file',
    () => file(dataUrl('text/plain', Buffer.from('Grüße'))),
    { ...isText('Grüße'), title: 'a file' },
  ],
] as const)('chat completions: %s reaches the model', async ([, toPart, expected]) => {
  expect(await upstream(CHAT, chat(toPart()))).toMatchObject([expected]);
});

test.for([
  ['a base64 image', () => isImage('image/png', PHOTO), isImage('image/png', PHOTO)],
  [
    'an image by its address',
    () => ({ type: 'image', source: { type: 'url', url: at('/a.png') } }),
    isImage('image/png', PNG),
  ],
  ['a base64 PDF', () => isPdf, isPdf],
  [
    'a PDF by its address',
    () => ({ type: 'document', source: { type: 'url', url: at('/a.pdf') } }),
    isPdf,
  ],
  [
    'a text by its address',
    () => ({ type: 'document', source: { type: 'url', url: at('/a.txt') } }),
    isText('Grüße'),
  ],
  ['a text', () => isText('Grüße'), isText('Grüße')],
] as const)('messages: %s reaches the model', async ([, toBlock, expected]) => {
  expect(await upstream(MESSAGES, messages(toBlock()))).toMatchObject([expected]);
});

test('images of earlier messages reach the model in their places', async () => {
  const body = {
    messages: [
      { role: 'user', content: [imageUrl(at('/a.png')), { type: 'text', text: 'And this?' }] },
      { role: 'assistant', content: 'A dot.' },
      { role: 'user', content: [{ type: 'text', text: 'And that?' }, imageUrl(at('/photo'))] },
    ],
  };
  expect(await upstream(CHAT, body)).toMatchObject([
    isImage('image/png', PNG),
    isImage('image/png', PHOTO),
  ]);
});

test('an image and a document in a tool result reach the model, fetched or not', async () => {
  const body = {
    max_tokens: 1000,
    tools: [{ name: 'look', input_schema: { type: 'object' } }],
    messages: [
      { role: 'user', content: 'Look.' },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'toolu_1',
            content: [
              { type: 'image', source: { type: 'url', url: at('/photo') } },
              isImage('image/png', PNG),
              isPdf,
            ],
          },
        ],
      },
    ],
  };
  expect(await upstream(MESSAGES, body)).toMatchObject([
    isImage('image/png', PHOTO),
    isImage('image/png', PNG),
    isPdf,
  ]);
});

const UNREACHABLE =
  'The address could not be fetched; only public hosts on the ports 80 and 443 are (MEDIA_ALLOWED_HOSTS).';

test.for([
  ['a private address', 'http://127.0.0.2/a.png', UNREACHABLE],
  ['a private name', 'http://inside.invalid/a.png', UNREACHABLE],
  ['nothing there', '/missing', 'The address answered with the status 404.'],
  [
    'a page',
    '/page',
    'The address does not answer with a JPEG, PNG, GIF or WebP image, a PDF, or plain text.',
  ],
  [
    'an image that is none',
    'data:image/png;base64,AAAA',
    'The data is not a JPEG, PNG, GIF or WebP image.',
  ],
] as const)('%s is a 400 that names the part, without a process', async ([, address, message]) => {
  const url = address.startsWith('/') ? at(address) : address;
  const before = await readProcesses(proxy);
  const response = await proxy.send(CHAT, { model: 'sonnet', ...chat(imageUrl(url)) });
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    error: {
      message,
      type: 'invalid_request_error',
      param: 'messages.0.content.1.image_url.url',
      code: null,
    },
  });
  const started = (await readProcesses(proxy)).filter((pid) => !before.includes(pid));
  expect(started).toEqual([]);
  expect(proxy.model.requests).toEqual([]);
});

test.for([
  ['a bad model name', { model: 'no such model' }],
  ['a message without an answer to a call', { messages: [] }],
])('%s is refused before anything is fetched', async ([, change]) => {
  using connections = watchConnections();
  const body = { model: 'sonnet', ...messages(imageUrl(at('/a.png'))), ...(change as object) };
  const response = await proxy.send(MESSAGES, body);
  expect(response.status).not.toBe(200);
  expect(connections.addresses).toEqual([]);
});
