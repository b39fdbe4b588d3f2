import { RunError } from '../../run-error.ts';

/** The arguments of a tool call, which OpenAI's APIs hold as a JSON text. Throws `invalid-request`. */
export function readArguments(text: string, param: string): unknown {
  if (text.trim() === '') return {};
  const input = readJson(text);
  if (typeof input === 'object' && input && !Array.isArray(input)) return input;
  throw new RunError('invalid-request', 'The arguments of a tool call must be a JSON object.', {
    param,
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
