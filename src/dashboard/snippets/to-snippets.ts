import { type Trial, type TrialName, TRIALS } from '../trials.ts';
import { agentCode } from './agent.ts';
import { anthropicCode } from './anthropic.ts';
import { chatCode, completionsCode, responsesCode } from './openai.ts';
import type { Snippets, ToCode } from './snippet.ts';

const CODE: Readonly<Record<TrialName, ToCode>> = {
  'openai-chat': chatCode,
  'openai-responses': responsesCode,
  'openai-completions': completionsCode,
  'anthropic-messages': anthropicCode,
  direct: agentCode,
};

/** The request as code. Where the key belongs stands the name of a variable. */
export function toSnippets(dialect: TrialName, trial: Trial, url: string): Snippets {
  const literals = {
    model: JSON.stringify(trial.model),
    prompt: JSON.stringify(trial.prompt),
    url: JSON.stringify(url),
    v1: JSON.stringify(`${url}/v1`),
  };
  return { curl: toCurl(dialect, trial, url), ...CODE[dialect](literals) };
}

function toCurl(dialect: TrialName, trial: Trial, url: string) {
  const { path, toBody } = TRIALS[dialect];
  return [
    `curl -N ${quote(url + path)}`,
    '-H "Authorization: Bearer $PROXY_API_KEY"',
    "-H 'Content-Type: application/json'",
    `-d ${quote(JSON.stringify(toBody(trial)))}`,
  ].join(' \\\n  ');
}

/** As one word of a POSIX shell. */
function quote(text: string) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
