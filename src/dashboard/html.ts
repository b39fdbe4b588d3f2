import { html as honoHtml, raw as honoRaw } from 'hono/html';

/** A piece of a page, in which everything that was put in is escaped. */
export type Html = ReturnType<typeof honoHtml>;

/** Hono's helper, named here so that each piece of the page has one import. */
export const html: (strings: TemplateStringsArray, ...values: unknown[]) => Html = honoHtml;

/** A text that is markup already: nothing in it is escaped. */
export const raw: (text: string) => Html = honoRaw;
