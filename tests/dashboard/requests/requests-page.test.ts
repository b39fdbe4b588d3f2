import { expect, test } from 'vitest';

import { RunError } from '../../../src/run-error.ts';
import type { Run } from '../../../src/run.ts';
import { createTestApp, post, sayHello } from '../../support/create-test-app.ts';
import { openSignedIn } from '../../support/open-signed-in.ts';

const REFUSAL = 'The API is <overloaded>; try again.';

/** Fails where the prompt says so. */
const run: Run = async function* maybe(request, signal) {
  if (JSON.stringify(request.messages).includes('fail')) throw new RunError('overloaded', REFUSAL);
  yield* sayHello(request, signal);
};

test('a request that failed says when, why and whose, and nothing that was said', async () => {
  const text = await open(['secret words', 'fail'], '');
  expect(text).toContain('The API is &lt;overloaded&gt;; try again.');
  expect(text).toMatch(/class="badge bad"\s+href="\/requests\?outcome=overloaded"/);
  expect(text).toContain('href="/requests?key=default">owner</a>');
  expect(text).toMatch(/href="\/requests\?text=req_\w+"/);
  expect(text).not.toContain('secret words');
});

test.each([
  ['outcome=failed', 1],
  ['outcome=done', 2],
  ['key=owner&api=openai-chat&model=sonnet', 3],
  ['text=overloaded', 1],
  ['to=2020-01-01', 0],
])('%s shows %i', async (query, count) => {
  expect(listRows(await open(['one', 'two', 'fail'], `?${query}`))).toHaveLength(count);
});

test('the form holds what the address asks for, also where it is none of its choices', async () => {
  const query = '?outcome=timeout&key=key-00000000&from=2026-11-01T08:30Z&text=%22%3Cb%3E';
  const text = await open(['one'], query);
  expect(text).toContain('<option value="timeout" selected>timeout</option>');
  expect(text).toContain('<option value="key-00000000" selected>key-00000000</option>');
  expect(text).toContain('name="from" value="2026-11-01T08:30"');
  expect(text).toContain('value="&quot;&lt;b&gt;"');
  expect(text).toContain('No request fits.');
});

test('links ask for less, and keep what was asked for; files hold what is shown', async () => {
  const text = (await open(['fail'], '?outcome=failed&text=')).replaceAll('&amp;', '&');
  expect(text).toContain('href="/requests?outcome=failed&model=sonnet"');
  expect(text).toContain('href="/api/admin/requests?outcome=failed"');
  expect(text).toContain('href="/api/admin/requests?outcome=failed&format=csv"');
});

test('above the table stand the number and the times of all that fit, of other pages too', async () => {
  const app = await ask(['one', 'two', 'fail']);
  const text = await openSignedIn(app, '/requests?limit=1');
  const words = (/<p class="summary">(.*?)<\/p>/s.exec(text)?.[1] ?? '')
    .replace(/<[^>]+>/g, '')
    .replace(/\s+/g, ' ');
  expect(words).toMatch(/3 requests 1 failed First token p50 [\d.]+ m?s, p95 .* Took p50 /);
  expect(await openSignedIn(app, '/requests?text=nowhere')).not.toContain('class="summary"');
});

test('the next page begins where this one ends', async () => {
  const app = await ask(['one', 'two', 'fail']);
  const first = await openSignedIn(app, '/requests?limit=2');
  const older = /rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&');
  const second = await openSignedIn(app, older ?? '');
  expect(listRows(first)).toHaveLength(2);
  expect(listRows(second)).toHaveLength(1);
  expect(second).toContain('>Newest</a>');
  expect(second).not.toContain('rel="next"');
});

test('a filter that makes no sense says so, beside the form', async () => {
  const text = await open(['one'], '?from=yesterday');
  expect(text).toContain('from must be a time like 2026-11-28');
  expect(text).toContain('name="outcome"');
});

async function ask(prompts: readonly string[]) {
  const app = createTestApp({ run });
  for (const content of prompts) {
    const messages = [{ role: 'user', content }];
    await post(app, '/v1/chat/completions', { model: 'sonnet', messages });
  }
  return app;
}

async function open(prompts: readonly string[], query: string) {
  return openSignedIn(await ask(prompts), `/requests${query}`);
}

function listRows(text: string) {
  return text.match(/<th scope="row">/g) ?? [];
}
