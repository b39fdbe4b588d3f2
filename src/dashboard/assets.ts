import { readFile } from 'node:fs/promises';

import type { Handler } from 'hono';

import type { AppEnv } from '../http/variables.ts';
import { RunError } from '../run-error.ts';

/** The files that the pages use, with their types. They lie beside `src` and, in the package, `dist`. */
const ASSETS: Readonly<Record<string, string>> = {
  'agents.js': 'text/javascript; charset=utf-8',
  'dashboard.css': 'text/css; charset=utf-8',
  'dashboard.js': 'text/javascript; charset=utf-8',
  'elements.js': 'text/javascript; charset=utf-8',
  'follow-run.js': 'text/javascript; charset=utf-8',
  'input-card.js': 'text/javascript; charset=utf-8',
  'keys.js': 'text/javascript; charset=utf-8',
  'read-answer.js': 'text/javascript; charset=utf-8',
  'requests.js': 'text/javascript; charset=utf-8',
  'run-log.js': 'text/javascript; charset=utf-8',
  'run-view.js': 'text/javascript; charset=utf-8',
  'server.js': 'text/javascript; charset=utf-8',
  'shortcuts.js': 'text/javascript; charset=utf-8',
  'try-it.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/** `GET /assets/{name}` */
export const asset: Handler<AppEnv> = async (c) => {
  const name = c.req.param('name') ?? '';
  const type = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
  if (type === undefined) throw new RunError('not-found', 'There is no such file.');
  const text = await readFile(new URL(`../../assets/${name}`, import.meta.url), 'utf8');
  return c.body(text, 200, { 'content-type': type, 'cache-control': 'no-cache' });
};
