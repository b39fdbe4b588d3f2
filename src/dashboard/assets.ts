import { readFile } from 'node:fs/promises';

import type { Handler } from 'hono';

import type { AppEnv } from '../http/variables.ts';
import { RunError } from '../run-error.ts';
import { PACKAGES } from './packages.ts';

const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** The files that the pages use, with their types. They lie beside `src` and, in the package, `dist`. */
const ASSETS: Readonly<Record<string, string>> = {
  'agents.js': JAVASCRIPT,
  'code-tabs.js': JAVASCRIPT,
  'copy-text.js': JAVASCRIPT,
  'dashboard.css': 'text/css; charset=utf-8',
  'dashboard.js': JAVASCRIPT,
  'elements.js': JAVASCRIPT,
  'follow-run.js': JAVASCRIPT,
  'formats.js': JAVASCRIPT,
  'html.js': JAVASCRIPT,
  'input-card.js': JAVASCRIPT,
  'keys.js': JAVASCRIPT,
  'read-answer.js': JAVASCRIPT,
  'read-json.js': JAVASCRIPT,
  'requests.js': JAVASCRIPT,
  'run-log.js': JAVASCRIPT,
  'run-steering.js': JAVASCRIPT,
  'run-tasks.js': JAVASCRIPT,
  'run-view.js': JAVASCRIPT,
  'send-trial.js': JAVASCRIPT,
  'server.js': JAVASCRIPT,
  'shortcuts.js': JAVASCRIPT,
  'trial-answer.js': JAVASCRIPT,
  'trial-fields.js': JAVASCRIPT,
  'trial-form.js': JAVASCRIPT,
  'trial-messages.js': JAVASCRIPT,
  'try-it.js': JAVASCRIPT,
  'icon.svg': 'image/svg+xml',
};

/** `GET /assets/{name}` */
export const asset: Handler<AppEnv> = async (c) => {
  const name = c.req.param('name') ?? '';
  const { url, type } = findAsset(name) ?? {};
  if (!url || !type) throw new RunError('not-found', 'There is no such file.');
  const text = await readFile(url, 'utf8');
  return c.body(text, 200, { 'content-type': type, 'cache-control': 'no-cache' });
};

function findAsset(name: string) {
  if (Object.hasOwn(ASSETS, name))
    return { url: new URL(`../../assets/${name}`, import.meta.url), type: ASSETS[name] };
  const found = PACKAGES.find(({ file }) => file === name);
  return found && { url: new URL(found.url), type: JAVASCRIPT };
}
