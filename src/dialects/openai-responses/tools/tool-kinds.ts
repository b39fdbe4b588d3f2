import type { ToolResultPart } from '../../../run.ts';
import { ApplyPatchCall, ApplyPatchCallOutput, applyPatchTool } from './apply-patch-tool.ts';
import {
  ComputerCall,
  ComputerCallOutput,
  computerPreviewTool,
  computerTool,
} from './computer-tool.ts';
import { CustomCall, CustomCallOutput, customTool } from './custom-tool.ts';
import { FunctionCall, FunctionCallOutput, functionTool } from './function-tool.ts';
import {
  LocalShellCall,
  LocalShellCallOutput,
  localShellTool,
  ShellCall,
  ShellCallOutput,
  shellTool,
} from './shell-tools.ts';
import type { Offer, ToolKind, ToolName } from './tool-kind.ts';
import type { RunnableTool } from './tool-schema.ts';
import { ToolSearchCall, ToolSearchOutput, toolSearchTool } from './tool-search-tool.ts';

type AnyKind = ToolKind<never, never, never>;

/** Every kind of tool that the caller runs, by the type of its calls. */
const BY_CALL = {
  function_call: functionTool,
  custom_tool_call: customTool,
  local_shell_call: localShellTool,
  shell_call: shellTool,
  apply_patch_call: applyPatchTool,
  computer_call: computerTool,
  tool_search_call: toolSearchTool,
} satisfies Record<string, AnyKind>;

/** The type of the items that are a kind's calls. */
export type CallType = keyof typeof BY_CALL;

/** The same by the type of the tool, and as what its calls are told. */
const BY_TOOL = {
  function: { callType: 'function_call', kind: functionTool },
  custom: { callType: 'custom_tool_call', kind: customTool },
  local_shell: { callType: 'local_shell_call', kind: localShellTool },
  shell: { callType: 'shell_call', kind: shellTool },
  apply_patch: { callType: 'apply_patch_call', kind: applyPatchTool },
  computer: { callType: 'computer_call', kind: computerTool },
  computer_use: { callType: 'computer_call', kind: computerTool },
  computer_use_preview: { callType: 'computer_call', kind: computerPreviewTool },
  tool_search: { callType: 'tool_search_call', kind: toolSearchTool },
} satisfies Record<RunnableTool['type'], { callType: CallType; kind: AnyKind }>;

/** The type of a tool that the caller runs. */
export type RunnableType = keyof typeof BY_TOOL;

/** And by the type of the results. */
const BY_OUTPUT = {
  function_call_output: functionTool,
  custom_tool_call_output: customTool,
  local_shell_call_output: localShellTool,
  shell_call_output: shellTool,
  apply_patch_call_output: applyPatchTool,
  computer_call_output: computerTool,
  tool_search_output: toolSearchTool,
} satisfies Record<string, AnyKind>;

/** What an input holds of calls and results. */
export const CALL_ITEMS = [
  FunctionCall,
  CustomCall,
  LocalShellCall,
  ShellCall,
  ApplyPatchCall,
  ComputerCall,
  ToolSearchCall,
] as const;
export const OUTPUT_ITEMS = [
  FunctionCallOutput,
  CustomCallOutput,
  LocalShellCallOutput,
  ShellCallOutput,
  ApplyPatchCallOutput,
  ComputerCallOutput,
  ToolSearchOutput,
] as const;

/** The type of the calls of a type of tools. */
export function toCallType(toolType: RunnableType): CallType {
  return BY_TOOL[toolType].callType;
}

/** How a tool is offered to the model. */
export function toOffer(tool: RunnableTool): Offer {
  const { kind }: { kind: AnyKind } = BY_TOOL[tool.type];
  return kind.offer(tool as never); // its type led to the kind
}

/** What the item of a call holds beside ids and status. */
export function toCallFields(toolType: RunnableType, json: string, called: ToolName) {
  return BY_TOOL[toolType].kind.toCall(json, called);
}

/** The same before the model wrote anything of it. */
export function toBegunFields(toolType: RunnableType, called: ToolName) {
  const fields = toCallFields(toolType, '', called);
  return toolType === 'function' ? { ...fields, arguments: '' } : fields;
}

/** What the ids of such calls begin with. */
export function toIdPrefix(callType: CallType): string {
  return BY_CALL[callType].idPrefix;
}

/** An earlier call: which tool, and with what. */
export function readCall(item: { type: CallType }): ToolName & { input: object } {
  const kind: AnyKind = BY_CALL[item.type];
  return kind.readCall(item as never); // its type led to the kind
}

/** An earlier result. Throws `invalid-request` for content that cannot be read. */
export function readOutput(
  item: { type: keyof typeof BY_OUTPUT },
  param: string,
): Pick<ToolResultPart, 'content' | 'isError'> {
  const kind: AnyKind = BY_OUTPUT[item.type];
  return kind.readOutput(item as never, param); // its type led to the kind
}

/** Tells whether an item is a call of a tool that the caller runs. */
export function isCallType(type: string): type is CallType {
  return Object.hasOwn(BY_CALL, type);
}

/** Tells whether the caller runs tools of a type. */
export function isRunnableType(type: string): type is RunnableType {
  return Object.hasOwn(BY_TOOL, type);
}
