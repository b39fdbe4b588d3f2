import { RunError } from '../run-error.ts';
import type { ApprovalRequest, InputAnswer, InputRequest } from '../run-input.ts';
import type { KeyBook } from './key-book.ts';

/**
 * Resolves with the paths that the answer gives leave for. Throws when it would let a run do what its key may not.
 */
export type CheckInput = (
  keyId: string,
  request: InputRequest,
  answer: InputAnswer,
) => Promise<readonly string[]>;

/** Where the CLI's file tools name what they touch (CLI 2.1.330). */
const PATH_FIELDS: Readonly<Record<string, string>> = {
  Edit: 'file_path',
  Glob: 'path',
  Grep: 'path',
  NotebookEdit: 'notebook_path',
  Read: 'file_path',
  Write: 'file_path',
};

/**
 * Makes the check of answers against the rules that win over them, the key's denied tools. Throws `forbidden`, and
 * `unauthenticated` when the key was revoked. Which folders are allowed is known where the run is carried out.
 */
export function createInputRules(keys: Pick<KeyBook, 'get'>): CheckInput {
  return async (keyId, request, answer) => {
    const key = await keys.get(keyId);
    if (!key) throw new RunError('unauthenticated', 'This key was revoked.');
    if (request.type !== 'approval-request' || answer.decision === 'deny') return [];
    checkTool(request.toolName, key.deniedTools ?? []);
    if (answer.input) checkChange(key.deniedTools ?? []);
    return toPaths(request, answer.input);
  };
}

function checkTool(toolName: string, denied: readonly string[]) {
  if (!denied.includes(toolName)) return;
  throw new RunError('forbidden', `This key may not use the tool ${toolName}.`);
}

/** The CLI runs a changed input without a look at its rules (CLI 2.1.330). */
function checkChange(denied: readonly string[]) {
  const rule = denied.find((text) => text.includes('('));
  if (rule === undefined) return;
  throw new RunError(
    'forbidden',
    `This key has rules about the input of tools (${rule}), which nobody could hold a changed input to: deny it, and say in \`message\` what to do instead.`,
    { param: 'input' },
  );
}

/** Of what the CLI says that it needs leave for, and of what a file tool will touch. */
function toPaths(
  { toolName, path, input }: ApprovalRequest,
  changed: ApprovalRequest['input'] = input,
) {
  const field = PATH_FIELDS[toolName];
  const touched = field === undefined ? undefined : changed[field];
  return [changed === input ? path : undefined, touched].filter((one) => typeof one === 'string');
}
