import { z } from 'zod';

import type { Steering } from '../../backend.ts';
import { RunError } from '../../run-error.ts';
import type { AgentOptions } from '../../run.ts';
import { toPermissionModeName } from '../launch/launch.ts';
import type { CliProcess } from '../process/cli-process.ts';
import { toUserLine } from '../process/input-lines.ts';
import type { AgentInputs } from './agent-inputs.ts';

/** Controls one agent at work: `Steering` without the run's id. */
export type LiveAgent = {
  [Name in keyof Steering]: Steering[Name] extends (
    runId: string,
    ...rest: infer Rest
  ) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

export type LiveAgentParts = {
  process: Pick<CliProcess, 'send' | 'request'>;
  inputs: Pick<AgentInputs, 'answer'>;
  options: Pick<AgentOptions, 'isAnswered'>;
};

const Cancelled = z.object({ cancelled: z.boolean() });
const TaskOutput = z.object({
  output: z.string(),
  total_bytes: z.number(),
  truncated: z.boolean(),
});
const Answered = z.object({ response: z.string() });

/**
 * Makes the controls of an agent at work (each control message as CLI 2.1.330 takes it). `messages` has the texts
 * that were sent to it, by id; `isInterrupted` says whether it was asked to stop.
 */
export function createLiveAgent({ process, inputs, options }: LiveAgentParts) {
  const messages = new Map<string, string>();
  let isInterrupted = false;

  const agent: LiveAgent = {
    async answer(inputId, answer) {
      inputs.answer(inputId, answer);
    },
    async send({ id, text }) {
      messages.set(id, text);
      process.send(toUserLine(text, id));
    },
    async takeBack(messageId) {
      if (!messages.has(messageId)) {
        throw new RunError('not-found', 'The run was sent no such message.', { param: 'id' });
      }
      const asked = { subtype: 'cancel_async_message', message_uuid: messageId };
      return Cancelled.safeParse(await process.request(asked)).data?.cancelled ?? false;
    },
    async interrupt() {
      isInterrupted = true;
      await process.request({ subtype: 'interrupt' });
    },
    async change({ permissionMode, model }) {
      if (permissionMode === 'ask' && !options.isAnswered) throw toUnanswered();
      if (permissionMode !== undefined) {
        const mode = toPermissionModeName(permissionMode);
        await process.request({ subtype: 'set_permission_mode', mode });
      }
      if (model !== undefined) await process.request({ subtype: 'set_model', model });
    },
    async ask(question) {
      const reply = await process.request({ subtype: 'side_question', question });
      const { data } = Answered.safeParse(reply);
      if (data) return data.response;
      throw new RunError('cli-failed', 'The claude CLI gave no answer to the question.');
    },
    async readTask(taskId) {
      const asked = { subtype: 'get_task_output', task_id: taskId };
      // The CLI refuses an unknown id.
      const { data } = TaskOutput.safeParse(await process.request(asked).catch(() => undefined));
      if (!data) {
        throw new RunError('not-found', 'The run has no such task.', { param: 'taskId' });
      }
      return { output: data.output, totalBytes: data.total_bytes, isTruncated: data.truncated };
    },
    async stopTask(taskId) {
      await process.request({ subtype: 'stop_task', task_id: taskId });
    },
  };
  return {
    agent,
    messages: messages as ReadonlyMap<string, string>,
    isInterrupted: () => isInterrupted,
  };
}

function toUnanswered() {
  return new RunError(
    'conflict',
    'Only a run that began with permissionMode `ask` or `plan` can ask.',
    { param: 'permissionMode' },
  );
}
