/**
 * Runs an agent that asks before it acts, and asks you:
 *
 *   PROXY_API_KEY=… node approve.ts 'Tidy up the folder.'
 */
import { createInterface } from 'node:readline/promises';

import { createAgentClient } from 'claude-code-proxy';

const { PROXY_URL = 'http://127.0.0.1:6789', PROXY_API_KEY = '' } = process.env;
const client = createAgentClient(PROXY_URL, PROXY_API_KEY);
const terminal = createInterface({ input: process.stdin, output: process.stdout });

const prompt = process.argv[2] ?? 'Which files are here?';
const run = await client.start({ prompt, permissionMode: 'ask' });

for await (const event of client.events(run.id)) {
  if (event.type === 'part-delta') process.stdout.write(event.delta);
  if (event.type === 'approval-request') {
    const said = await terminal.question(
      `\n${event.toolName} ${JSON.stringify(event.input)}\nAllow? (y, or why not) `,
    );
    const isAllowed = said.trim().toLowerCase() === 'y';
    await client.answer(
      run.id,
      event.id,
      isAllowed ? { decision: 'allow' } : { decision: 'deny', message: said },
    );
  }
  if (event.type === 'question') {
    const answers: Record<string, string> = {};
    for (const { question, options } of event.questions) {
      const labels = options.map(({ label }) => label).join(', ');
      answers[question] = await terminal.question(`\n${question} (${labels}) `);
    }
    await client.answer(run.id, event.id, { decision: 'allow', answers });
  }
  if (event.type === 'error') console.error(`\n${event.error.message}`);
}

terminal.close();
const { state, answer } = await client.get(run.id);
console.log(`\n${state}${answer ? `, ${answer.costUsd} USD` : ''}`);
