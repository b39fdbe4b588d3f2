// Runs beside the container's command in `npm run try-deploy`: waits for it, carries out the health check,
// and asks for the page and everything that the page and its folder name. Fails with the first wrong answer.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const { PORT = '', PROXY_API_KEY = '', HEALTH_COMMAND = '[]' } = process.env;
const url = `http://127.0.0.1:${PORT}`;
const TRIES = 300;

await waitForHealth();
const [command = '', ...args] = JSON.parse(HEALTH_COMMAND) as string[]; // as Docker documents it
execFileSync(command, args);

const signIn = await ask('/sign-in', {
  method: 'POST',
  headers: { origin: url, 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ key: PROXY_API_KEY }),
  redirect: 'manual',
});
const cookie = signIn.headers.get('set-cookie')?.split(';')[0] ?? '';
const pages = [await ask('/'), await ask('/', { headers: { cookie } })];
const texts = await Promise.all(pages.map((page) => page.text()));
if (!texts[1]?.includes('Sign out')) throw new Error('The sign-in did not lead to the page.');

const linked = texts.flatMap((text) => [...text.matchAll(/"(\/assets\/[^"]+)"/g)]);
const stored = readdirSync('assets').map((name) => `/assets/${name}`);
const paths = new Set([...linked.map(([, path = '']) => path), ...stored]);
for (const path of paths) await ask(path);
console.log(`As user ${process.getuid?.()}: health, the page, and ${[...paths].join(', ')}.`);

async function waitForHealth() {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await delay(200);
  }
  throw new Error('The image did not come up within a minute.');
}

async function ask(path: string, init?: RequestInit) {
  const answer = await fetch(url + path, init);
  if (answer.status >= 400) throw new Error(`${path} is ${answer.status}: ${await answer.text()}`);
  return answer;
}
