/** The ways in which a request is shown. */
export const SNIPPET_TITLES = {
  curl: 'curl',
  python: 'Python',
  typescript: 'TypeScript',
  langchain: 'LangChain',
} as const;

/** The same request in each of them. */
export type Snippets = Record<keyof typeof SNIPPET_TITLES, string>;

/** A request's texts as string literals that are right in Python and in JavaScript. */
export type Literals = { model: string; prompt: string; url: string; v1: string };

/** The request as the code of programs. */
export type ToCode = (literals: Literals) => Omit<Snippets, 'curl'>;
