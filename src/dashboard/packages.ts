import { createHash } from 'node:crypto';

/** What the pages' scripts import by name, and the file of the installed package that is served for it. */
export const PACKAGES: readonly { name: string; file: string; url: string }[] = [
  { name: 'preact', file: 'preact.js', url: import.meta.resolve('preact') },
  { name: 'preact/hooks', file: 'preact-hooks.js', url: import.meta.resolve('preact/hooks') },
  { name: 'htm', file: 'htm.js', url: import.meta.resolve('htm') },
];

/** Tells a browser where they are. */
export const IMPORT_MAP: string = JSON.stringify({
  imports: Object.fromEntries(PACKAGES.map(({ name, file }) => [name, `/assets/${file}`])),
});

/** Allows that one text, which stands in the page itself: browsers read a map from nowhere else. */
export const IMPORT_MAP_SOURCE: string = `'sha256-${createHash('sha256').update(IMPORT_MAP).digest('base64')}'`;
