import { expect, test } from 'vitest';

import { APP_KEY, createTestApp, get, post, type TestApp } from '../../support/create-test-app.ts';
import { createKeysFolder } from '../../support/keys.ts';
import { createKeyBook } from '../../../src/keys/key-book.ts';
import { openSignedIn } from '../../support/open-signed-in.ts';
import { createScriptedAgent, saying, type ScriptStep } from '../../support/scripted-agent.ts';
import { readSse } from '../../support/read-sse.ts';

const LEAVE: ScriptStep = {
  type: 'approval-request',
  callId: 'toolu_1',
  toolName: 'Bash',
  input: { command: 'ls' },
  suggestions: [],
};

const OWN_TOOL: ScriptStep = {
  type: 'tool-request',
  callId: 'toolu_1',
  toolName: 'weather',
  input: {},
};

/** Runs that ask for what their prompt begins with. */
const open = (options: Parameters<typeof createTestApp>[0] = {}) => {
  const { run, runs } = createScriptedAgent((prompt) => {
    if (prompt.startsWith('leave')) return [LEAVE];
    return prompt.startsWith('tool') ? [OWN_TOOL] : saying(0, 'Hello.');
  });
  return createTestApp({ run, runs, ...options });
};

/** Starts a run, and waits until it has ended or waits itself. */
async function start(app: TestApp, prompt: string, fields: object = {}) {
  const response = await post(app, '/api/run', { prompt, background: true, ...fields });
  const { id } = (await response.json()) as { id: string }; // a run
  for await (const { event } of readSse(await get(app, `/api/runs/${id}/events`))) {
    if (event === 'approval-request' || event === 'tool-request') break;
  }
  return id;
}

test('runs that wait stand on top, the oldest first, and are counted', async () => {
  const app = open();
  for (const prompt of ['leave one', 'leave two', 'three', 'four']) await start(app, prompt);
  const text = await openSignedIn(app, '/agents');
  const prompts = [...text.matchAll(/<a href="\/agents\?run=req_\w+" title="([^"]*)"/g)];
  expect(prompts.map(([, prompt]) => prompt)).toEqual(['leave one', 'leave two', 'four', 'three']);
  expect(text).toMatch(/data-count="2"\s*>\s*2 runs wait for you/);
  expect(text.match(/needs leave for Bash/g)).toHaveLength(2);
});

test('without a run that waits nothing is counted', async () => {
  const app = open();
  expect(await openSignedIn(app, '/agents')).toMatch(/data-count="0"\s+hidden/);
  expect(await openSignedIn(app, '/agents')).toContain('No run of this key yet.');
});

test('one that waits for its own program is no business of a person', async () => {
  const app = open();
  await start(app, 'tool');
  const text = await openSignedIn(app, '/agents');
  expect(text).toMatch(/data-count="0"\s+hidden/);
  expect(text).toContain('waits for its program, which carries out weather');
});

test('a run shows what it was asked, how it stands and what it cost; nothing is read as HTML', async () => {
  const app = open();
  const id = await start(app, 'Say <b>hello</b> & go', { permissionMode: 'ask' });
  const text = await openSignedIn(app, `/agents?run=${id}`);
  expect(text).toContain('<p class="prompt">Say &lt;b&gt;hello&lt;/b&gt; &amp; go</p>');
  expect(text).not.toContain('<b>hello');
  expect(text).toMatch(/data-ended="true"\s+data-state="done"/);
  expect(text).toContain('<dd>$0.0421</dd>');
  expect(text).toContain('<dd>ask</dd>');
  expect(text).toMatch(/href="\/agents\?session=[0-9a-f-]{36}"/);
  expect(text).not.toContain('Interrupt');
});

test('what a run cost that was cancelled stands in the list and in its head', async () => {
  const { run, runs } = createScriptedAgent(() => [LEAVE]);
  const app = createTestApp({ run, runs });
  const id = await start(app, 'leave me');
  const headers = { authorization: `Bearer ${APP_KEY}` };
  await app.request(`/api/runs/${id}`, { method: 'DELETE', headers });
  await runs.charge(id, 0.0375);
  expect(await openSignedIn(app, '/agents')).toContain('<td data-name="Cost">$0.0375</td>');
  expect(await openSignedIn(app, `/dashboard/runs/${id}`)).toContain('<dd>$0.0375</dd>');
});

test('one that goes on can be interrupted and stopped', async () => {
  const app = open();
  const id = await start(app, 'leave me');
  const text = await openSignedIn(app, `/dashboard/runs/${id}`);
  expect(text).toContain(`data-post="/api/runs/${id}/interrupt"`);
  expect(text).toContain(`data-delete="/api/runs/${id}"`);
});

test('the form begins in the session and the folder of the address', async () => {
  const text = await openSignedIn(open(), '/agents?session=%22%3Cb%3E&folder=/srv/a');
  expect(text).toMatch(/name="sessionId"\s+value="&quot;&lt;b&gt;"/);
  expect(text).toMatch(/name="workingDirectory"\s+list="folders"\s+value="\/srv\/a"/);
});

test('older runs are on further pages', async () => {
  const app = open();
  for (let number = 1; number <= 21; number += 1) await start(app, `number ${number}`);
  const first = await openSignedIn(app, '/agents');
  expect(first.match(/title="number/g)).toHaveLength(20);
  const older = /rel="next" href="([^"]+)"/.exec(first)?.[1] ?? '';
  const second = await openSignedIn(app, older);
  expect(second.match(/title="number \d+"/g)).toEqual(['title="number 1"']);
  expect(second).toContain('>Newest</a>');
});

test('another key sees neither the run nor that there is one', async () => {
  const folder = await createKeysFolder();
  const key = await folder.add({ scopes: ['agent', 'admin'] }, 'other');
  const keys = createKeyBook({ ownerKey: APP_KEY, place: folder.place });
  const app = open({ keys });
  const id = await start(app, 'secret words');
  const text = await openSignedIn(app, `/agents?run=${id}`, key);
  expect(text).toContain('There is no run with this id.');
  expect(text).not.toContain('secret words');
  expect(await openSignedIn(app, `/dashboard/runs/${id}`, key)).not.toContain('secret words');
  await folder.remove();
});
