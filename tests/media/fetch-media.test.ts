import type { RequestListener } from 'node:http';
import { isIPv6 } from 'node:net';

import { afterEach, expect, test } from 'vitest';

import { createFetchMedia } from '../../src/media/fetch-media.ts';
import { createMayConnect } from '../../src/media/may-connect.ts';
import { HTML, PDF, PNG } from './samples.ts';
import { startWeb, type Web, watchConnections } from './start-web.ts';

const UNREACHABLE =
  'The address could not be fetched; only public hosts on the ports 80 and 443 are (MEDIA_ALLOWED_HOSTS).';

let web: Web;
afterEach(() => web?.close());

type Addresses = Record<string, readonly string[]>;

/** Fetches from a web whose one public host is 127.0.0.1; names are looked up in the tables, one a time. */
function fetchFrom(
  path: string,
  {
    names = [],
    maxBytes = 1000,
    signal = new AbortController().signal,
  }: { names?: readonly Addresses[]; maxBytes?: number; signal?: AbortSignal } = {},
) {
  const tables = [...names];
  const lookup = async (name: string) => {
    const table = tables.length > 1 ? tables.shift() : tables[0];
    const found = table?.[name];
    if (!found) throw new Error('ENOTFOUND');
    return found.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  };
  // The port is allowed, so that a refusal is about the address.
  const mayConnect = createMayConnect(['127.0.0.1'], new Set([80, web.port]));
  const fetchMedia = createFetchMedia(mayConnect, lookup);
  const url = path.startsWith('/') ? web.url + path : path.replace('PORT', String(web.port));
  return fetchMedia(url, { param: 'here', budget: { maxBytes, left: maxBytes }, signal });
}

const answerWith =
  (bytes: Buffer, type = 'image/png'): RequestListener =>
  (_, response) =>
    response.setHeader('content-type', type).end(bytes);

const redirectTo =
  (toTarget: (path: string) => string): RequestListener =>
  ({ url = '' }, response) =>
    response.writeHead(302, { location: toTarget(url) }).end();

const refusal = (message: string) =>
  expect.objectContaining({ code: 'invalid-request', param: 'here', message });

test('an image arrives byte for byte', async () => {
  web = await startWeb(answerWith(PNG, 'Image/PNG; charset=binary'));
  expect(await fetchFrom('/a.png')).toEqual({ mediaType: 'image/png', bytes: PNG });
});

test('a request says who asks and what for, and nothing else', async () => {
  web = await startWeb(answerWith(PNG));
  await fetchFrom('http://pictures.test:PORT/a.png', {
    names: [{ 'pictures.test': ['127.0.0.1'] }],
  });
  expect(web.requests[0]?.headers).toEqual({
    accept: 'image/jpeg, image/png, image/gif, image/webp, application/pdf, text/plain',
    'accept-encoding': 'identity',
    connection: 'close',
    host: `pictures.test:${web.port}`,
    'user-agent': 'claude-code-proxy',
  });
});

test.for([
  'http://127.0.0.2:PORT/',
  'http://127.2:PORT/',
  'http://2130706434:PORT/',
  'http://0x7f000002:PORT/',
  'http://0x7f.0.0.2:PORT/',
  'http://0177.0.0.2:PORT/',
  'http://127.0.0.2.:PORT/',
  'http://１２７.0.0.2:PORT/',
  'http:127.0.0.2:PORT/',
  'http:\\\\127.0.0.2:PORT\\',
  'http://0.0.0.0:PORT/',
  'http://0:PORT/',
  'http://10.0.0.1:PORT/',
  'http://100.64.0.1:PORT/',
  'http://169.254.169.254/latest/meta-data/',
  'http://192.168.0.1:PORT/',
  'http://224.0.0.1:PORT/',
  'http://[::]:PORT/',
  'http://[::1]:PORT/',
  'http://[fe80::1]:PORT/',
  'http://[fd00:ec2::254]:PORT/',
  'http://[::ffff:127.0.0.2]:PORT/',
  'http://[::ffff:7f00:2]:PORT/',
  'http://[::127.0.0.2]:PORT/',
  'http://[64:ff9b::7f00:2]:PORT/',
  'http://[2002:7f00:2::]:PORT/',
  'http://[2001:0:7f00:2::]:PORT/',
  'https://127.0.0.2:PORT/',
  'http://1.1.1.1:22/',
])('%s is not connected to', async (address) => {
  web = await startWeb(answerWith(PNG));
  using connections = watchConnections();
  await expect(fetchFrom(address)).rejects.toEqual(refusal(UNREACHABLE));
  expect(connections.addresses).toEqual([]);
});

test.for([
  ['loopback', '127.0.0.2'],
  ['loopback', '::1'],
  ['a private address', '10.0.0.1'],
  ['a link-local address', '169.254.169.254'],
  ['a unique local address', 'fd00::1'],
  ['a mapped address', '::ffff:10.0.0.1'],
  ['a 6to4 address', '2002:a00:1::'],
] as const)('a name that resolves to %s (%s) is not connected to', async ([, address]) => {
  web = await startWeb(answerWith(PNG));
  using connections = watchConnections();
  const names = [{ 'inside.test': [address], 'inside.test.': [address] }];
  for (const host of ['inside.test', 'inside.test.', 'INSIDE.test']) {
    await expect(fetchFrom(`http://${host}:PORT/`, { names })).rejects.toEqual(
      refusal(UNREACHABLE),
    );
  }
  expect(connections.addresses).toEqual([]);
});

test('of a name with a public and a private address, only the public one is connected to', async () => {
  web = await startWeb(answerWith(PNG));
  using connections = watchConnections();
  const names = [{ 'both.test': ['10.0.0.1', '127.0.0.1', '::1'] }];
  expect(await fetchFrom('http://both.test:PORT/', { names })).toMatchObject({ bytes: PNG });
  expect(connections.addresses).toEqual(['127.0.0.1']);
});

test('a name that is public at first and private then is not connected to again', async () => {
  web = await startWeb(redirectTo(() => '/again'));
  using connections = watchConnections();
  const names = [{ 'rebind.test': ['127.0.0.1'] }, { 'rebind.test': ['127.0.0.2'] }];
  await expect(fetchFrom('http://rebind.test:PORT/', { names })).rejects.toEqual(
    refusal(UNREACHABLE),
  );
  expect(connections.addresses).toEqual(['127.0.0.1']);
});

test.for([
  ['a private address', 'http://127.0.0.2:PORT/'],
  ['a private name', 'http://inside.test:PORT/'],
  ['the metadata of a cloud', 'http://169.254.169.254/latest/meta-data/'],
] as const)('a redirect to %s is not followed', async ([, target]) => {
  web = await startWeb(redirectTo(() => target.replace('PORT', String(web.port))));
  using connections = watchConnections();
  const names = [{ 'inside.test': ['127.0.0.2'] }];
  await expect(fetchFrom('/', { names })).rejects.toEqual(refusal(UNREACHABLE));
  expect(connections.addresses).toEqual(['127.0.0.1']);
});

test.for([
  ['ftp://127.0.0.1/a.png', 'Only http and https addresses can be fetched.'],
  ['file:///etc/passwd', 'Only http and https addresses can be fetched.'],
  ['data:image/png;base64,AAAA', 'Only http and https addresses can be fetched.'],
  ['http://', 'Only http and https addresses can be fetched.'],
  [
    'http://ann:secret@127.0.0.1:PORT/',
    'An address with a user name or password in it is not fetched.',
  ],
  ['http://127.0.0.1@127.0.0.2/', 'An address with a user name or password in it is not fetched.'],
] as const)('%s is refused, given or redirected to', async ([address, sentence]) => {
  web = await startWeb(redirectTo(() => address.replace('PORT', String(web.port))));
  await expect(fetchFrom(address)).rejects.toEqual(refusal(sentence));
  await expect(fetchFrom('/')).rejects.toEqual(refusal(sentence));
  expect(web.requests).toHaveLength(1);
});

test.for([
  ['does not exist', {}],
  ['has nobody listening', { 'nobody.test': ['127.0.0.1'] }],
  ['is private', { 'nobody.test': ['10.0.0.1'] }],
] as const)('a host that %s is refused in the same words', async ([, names]) => {
  web = await startWeb(answerWith(PNG));
  const { port } = web;
  await web.close();
  web = await startWeb(answerWith(PNG));
  await expect(fetchFrom(`http://nobody.test:${port}/`, { names: [names] })).rejects.toEqual(
    refusal(UNREACHABLE),
  );
});

test('a few redirects are followed, relative ones too', async () => {
  web = await startWeb((request, response) => {
    const hops = Number(request.url?.slice(1));
    if (hops === 0) answerWith(PNG)(request, response);
    else response.writeHead(307, { location: String(hops - 1) }).end();
  });
  expect(await fetchFrom('/3')).toMatchObject({ bytes: PNG });
});

test('endless redirects end', async () => {
  web = await startWeb(redirectTo((path) => `${path}x`));
  await expect(fetchFrom('/')).rejects.toEqual(refusal('The address redirects more than 3 times.'));
  expect(web.requests).toHaveLength(4);
});

const TOO_LARGE =
  'Images and documents may have 20 bytes, those of all addresses together (MEDIA_MAX_BYTES).';

test('what says that it is too large is not read', async () => {
  web = await startWeb((_, response) => {
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': '21' });
    response.flushHeaders(); // and no body: who waits for it waits for ever
  });
  await expect(fetchFrom('/', { maxBytes: 20 })).rejects.toEqual(refusal(TOO_LARGE));
});

test('what turns out too large is read no further', async () => {
  const gone = Promise.withResolvers<void>();
  web = await startWeb((_, response) => {
    response.setHeader('content-type', 'image/png');
    response.write(Buffer.alloc(21)); // and no end
    response.on('close', gone.resolve);
  });
  await expect(fetchFrom('/', { maxBytes: 20 })).rejects.toEqual(refusal(TOO_LARGE));
  await gone.promise;
});

test('what has exactly the size is read', async () => {
  web = await startWeb(answerWith(Buffer.alloc(20)));
  expect(await fetchFrom('/', { maxBytes: 20 })).toMatchObject({ bytes: Buffer.alloc(20) });
});

test.for(['text/html', 'image', 'video/mp4', 'application/json', ''])(
  'an answer of the type %j is refused',
  async (type) => {
    web = await startWeb(answerWith(HTML, type));
    await expect(fetchFrom('/')).rejects.toEqual(
      refusal(
        'The address does not answer with a JPEG, PNG, GIF or WebP image, a PDF, or plain text.',
      ),
    );
  },
);

test.for(['application/pdf', 'text/plain; charset=utf-8', 'application/octet-stream'])(
  'an answer of the type %j is taken',
  async (type) => {
    web = await startWeb(answerWith(PDF, type));
    expect(await fetchFrom('/')).toMatchObject({ bytes: PDF });
  },
);

test.for([204, 206, 304, 401, 404, 500])('a status %i is not an image', async (status) => {
  web = await startWeb((_, response) => response.writeHead(status).end());
  await expect(fetchFrom('/')).rejects.toEqual(
    refusal(`The address answered with the status ${status}.`),
  );
});

test('compressed data is refused: it was not asked for, and its size is unknown', async () => {
  web = await startWeb((_, response) =>
    response.setHeader('content-encoding', 'gzip').setHeader('content-type', 'image/png').end(PNG),
  );
  await expect(fetchFrom('/')).rejects.toEqual(
    refusal('The address answered with compressed data.'),
  );
});

test('an answer that is cut off is no image', async () => {
  web = await startWeb((_, response) => {
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': '500' });
    response.write(PNG, () => response.destroy());
  });
  await expect(fetchFrom('/')).rejects.toEqual(refusal(UNREACHABLE));
});

test.for(['before the answer', 'in the middle of it'] as const)(
  'an abort %s ends the fetch with its reason, and the connection',
  async (when) => {
    const arrived = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    web = await startWeb((_, response) => {
      response.on('close', gone.resolve);
      if (when === 'in the middle of it') {
        response.setHeader('content-type', 'image/png').write('x', () => arrived.resolve());
      } else arrived.resolve();
    });
    const controller = new AbortController();
    const fetched = fetchFrom('/', { signal: controller.signal });
    await arrived.promise;
    controller.abort(new Error('the caller left'));
    await expect(fetched).rejects.toMatchObject({ name: 'AbortError' });
    await gone.promise;
  },
);

test('an abort comes first when the address is not known yet', async () => {
  web = await startWeb(answerWith(PNG));
  const looked = Promise.withResolvers<void>();
  const fetchMedia = createFetchMedia(createMayConnect([]), () => {
    looked.resolve();
    return new Promise(() => undefined);
  });
  const controller = new AbortController();
  const fetched = fetchMedia('http://slow.test/', {
    param: 'here',
    budget: { maxBytes: 1, left: 1 },
    signal: controller.signal,
  });
  await looked.promise;
  controller.abort();
  await expect(fetched).rejects.toMatchObject({ name: 'AbortError' });
});
