import type { StartedPart } from '../../run.ts';
import {
  createCustomInputReader,
  type CustomInputReader,
  readCustomInput,
} from '../shared/custom-tool.ts';

type Call = {
  /** Among the calls of the answer. */
  index: number;
  /** What the model wrote so far. */
  json: string;
  /** Of a call whose argument is a text: finds it in the model's JSON. */
  customInput: CustomInputReader | undefined;
};

/** The `delta`s of the calls of one streamed answer; where there is nothing to say, `undefined`. */
export type CallDeltas = {
  start(part: number, call: Extract<StartedPart, { type: 'tool-call' }>): object;
  add(part: number, piece: string): object | undefined;
  end(part: number): object | undefined;
};

/**
 * Makes them; `customNames` are the tools whose argument is a text. A legacy call is a function's of
 * before there were tools.
 */
export function createCallDeltas(customNames: ReadonlySet<string>, isLegacy: boolean): CallDeltas {
  const calls = new Map<number, Call>();
  const toArguments = isLegacy ? toFunctionArguments : toToolArguments;
  return {
    start(part, { id, name }) {
      const isCustom = customNames.has(name);
      const index = calls.size;
      const customInput = isCustom ? createCustomInputReader() : undefined;
      calls.set(part, { index, json: '', customInput });
      if (isLegacy) return { function_call: { name, arguments: '' } };
      const called = isCustom
        ? { type: 'custom', custom: { name, input: '' } }
        : { type: 'function', function: { name, arguments: '' } };
      return { tool_calls: [{ index, id, ...called }] };
    },
    add(part, piece) {
      const call = calls.get(part);
      if (!call) return undefined;
      call.json += piece;
      if (!call.customInput) return toArguments(call, piece);
      return toInput(call, call.customInput.add(piece));
    },
    end(part) {
      const call = calls.get(part);
      if (!call) return undefined;
      // A tool without arguments is called with none, but clients parse what they read.
      if (!call.customInput) return call.json === '' ? toArguments(call, '{}') : undefined;
      // Other arguments than those that were asked for are known as such only now.
      return call.customInput.hasBegun() ? undefined : toInput(call, readCustomInput(call.json));
    },
  };
}

function toToolArguments({ index }: Call, json: string) {
  return { tool_calls: [{ index, function: { arguments: json } }] };
}

function toFunctionArguments(_: Call, json: string) {
  return { function_call: { arguments: json } };
}

function toInput({ index }: Call, input: string) {
  return input === '' ? undefined : { tool_calls: [{ index, custom: { input } }] };
}
