import { readJson } from '../../common/read-json.ts';
import { isTooDeep } from './is-too-deep.ts';

/**
 * The arguments of an earlier tool call, which OpenAI's APIs hold as a JSON text. The model may have
 * written something else; what it wrote is handed on in the wrapping that the API's guide advises.
 * https://docs.claude.com/en/docs/agents-and-tools/tool-use/fine-grained-tool-streaming
 */
export function readArguments(text: string): object {
  if (text.trim() === '') return {};
  const input = readJson(text);
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return isObject && !isTooDeep(input) ? input : { INVALID_JSON: text };
}
