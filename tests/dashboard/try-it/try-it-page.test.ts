import { expect, test } from 'vitest';

import { createTestApp } from '../../support/create-test-app.ts';
import { openSignedIn } from '../../support/open-signed-in.ts';

test('a link fills the form, and what it carries is text', async () => {
  const query = new URLSearchParams({
    dialect: 'ollama-chat',
    model: 'opus"',
    prompt: '\n</textarea><b>',
    isWhole: 'on',
  });
  const text = await openSignedIn(createTestApp(), `/try?${query.toString()}`);
  expect(text).toContain('<option value="ollama-chat" selected>');
  expect(text).toContain('value="opus&quot;"');
  expect(text).toContain('required>\n\n&lt;/textarea&gt;&lt;b&gt;</textarea');
  expect(text).toContain('name="isWhole" checked');
});

test('without one the form is as it always begins', async () => {
  const text = await openSignedIn(createTestApp(), '/try');
  expect(text).toContain('Say hello in five languages.');
  expect(text).toContain('value="sonnet"');
  expect(text).not.toContain('name="isWhole" checked');
});
