import type { Code, Trial, TrialRequest } from '../../dialects/trial.ts';

/** The ways in which a request is shown. */
export const SNIPPET_TITLES = {
  curl: 'curl',
  python: 'Python',
  typescript: 'TypeScript',
  langchain: 'LangChain',
} as const satisfies Record<keyof Snippets, string>;

/** The same request in each of them. */
type Snippets = Code & { curl: string };

/** The request as code. Where the key belongs stands the name of a variable. */
export function toSnippets(trial: Trial, request: TrialRequest, url: string): Snippets {
  const literals = {
    model: JSON.stringify(request.model),
    prompt: JSON.stringify(request.prompt),
    url: JSON.stringify(url),
    v1: JSON.stringify(`${url}/v1`),
  };
  return { curl: toCurl(trial, request, url), ...trial.toCode(literals) };
}

function toCurl({ path, toBody }: Trial, request: TrialRequest, url: string) {
  return [
    `curl -N ${quote(url + path)}`,
    '-H "Authorization: Bearer $PROXY_API_KEY"',
    "-H 'Content-Type: application/json'",
    `-d ${quote(JSON.stringify(toBody(request)))}`,
  ].join(' \\\n  ');
}

/** As one word of a POSIX shell. */
function quote(text: string) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
