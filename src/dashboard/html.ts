import { html as honoHtml } from 'hono/html';

/** A piece of a page, in which everything that was put in is escaped. */
export type Html = ReturnType<typeof honoHtml>;

/** Hono's helper, named here so that each piece of the page has one import. */
export const html: (strings: TemplateStringsArray, ...values: unknown[]) => Html = honoHtml;
