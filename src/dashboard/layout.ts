import { html, type Html, raw } from './html.ts';
import { IMPORT_MAP } from './packages.ts';

export type LayoutOptions = {
  title: string;
  body: Html;
  /** Modules of `assets/`. Default: none. */
  scripts?: readonly string[];
};

/** A whole page. */
export function layout({ title, body, scripts = [] }: LayoutOptions): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/dashboard.css" />
        ${scripts.length > 0 ? raw(`<script type="importmap">${IMPORT_MAP}</script>`) : ''}
        ${scripts.map((name) => html`<script type="module" src="/assets/${name}"></script>`)}
      </head>
      <body>
        ${body}
      </body>
    </html>`;
}
