import { type Code, toPrompt, type Trial, type TrialRequest } from '../../dialects/trial.ts';

/** The ways in which a request is shown. */
export const SNIPPET_TITLES = {
  curl: 'curl',
  python: 'Python',
  typescript: 'TypeScript',
  langchain: 'LangChain',
} as const satisfies Record<keyof Snippets, string>;

/** The same request in each of them. */
type Snippets = { curl: string } & Partial<Code>;

/**
 * The request as code. Where the key belongs stands the name of a variable. What is more than one text of
 * the user's has its curl alone.
 */
export function toSnippets(trial: Trial, request: TrialRequest, url: string): Snippets {
  const curl = toCurl(trial, request, url);
  if (!isOneText(request)) return { curl };
  const literals = {
    model: JSON.stringify(request.model),
    prompt: JSON.stringify(toPrompt(request)),
    url: JSON.stringify(url),
    v1: JSON.stringify(`${url}/v1`),
  };
  return { curl, ...trial.toCode(literals) };
}

function isOneText(request: TrialRequest) {
  const { messages, model: _model, isWhole: _isWhole, ...others } = request;
  const [first] = messages;
  return (
    messages.length === 1 &&
    first?.role === 'user' &&
    !first.images?.length &&
    Object.values(others).every((value) => value === undefined)
  );
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
