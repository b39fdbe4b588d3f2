import type { Tool as OfferedTool, ToolResultPart } from '../../../run.ts';

/** A tool as it is named by its caller; the APIs' own tools are named by their type. */
export type ToolName = { name: string; namespace?: string | undefined };

/** A tool as a function that the model can call. */
export type Offer = Omit<OfferedTool, 'path'>;

/** A kind of tool that the caller runs: how it is offered, how its calls are told, how both come back. */
export type ToolKind<Tool, Call, Output> = {
  /** Of its calls' ids. */
  idPrefix: string;
  offer: (tool: Tool) => Offer;
  /** What a call's item holds beside ids and status. `json` is what the model wrote, perhaps not to its end. */
  toCall: (json: string, called: ToolName) => Readonly<Record<string, unknown>>;
  readCall: (item: Call) => ToolName & { input: object };
  /** `param` is where the item stands. Throws `invalid-request` for content that cannot be read. */
  readOutput: (item: Output, param: string) => Pick<ToolResultPart, 'content' | 'isError'>;
};

/** A result that is nothing but text. */
export function toTextResult(text: string, isError = false) {
  return { content: [{ type: 'text' as const, text }], isError };
}

/** Fields that were given; the API fills in the others with `null`. */
export function withoutNulls(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
