import type { Caller, RunRequest } from '../../run.ts';
import type { TranslatedRequest } from '../dialect.ts';
import type { RunBody } from './body.ts';

/** An agent's run from the body of `/api/run`. */
export function toRunRequest(body: RunBody, caller: Caller): TranslatedRequest {
  const request: RunRequest = {
    model: body.model,
    instructions: [],
    messages: [{ role: 'user', parts: [{ type: 'text', text: body.prompt }] }],
    tools: body.tools.map(({ name, description, inputSchema }, index) => ({
      name,
      description,
      inputSchema,
      path: `tools.${index}.inputSchema`,
    })),
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    output: body.outputSchema
      ? { type: 'json', schema: body.outputSchema, path: 'outputSchema' }
      : { type: 'text' },
    sampling: {
      temperature: undefined,
      topP: undefined,
      topK: undefined,
      stop: undefined,
      maxOutputTokens: undefined,
    },
    thinking: { type: 'default' },
    effort: body.effort,
    agent: {
      session: body.sessionId === undefined ? undefined : { id: body.sessionId, isNew: false },
      allowedTools: body.allowedTools,
      disallowedTools: body.disallowedTools,
      workingDirectory: body.workingDirectory,
      additionalDirectories: body.additionalDirectories,
      permissionMode: body.permissionMode,
      ...(body.agents && { subagents: body.agents }),
      ...(body.mcpServers && { mcpServers: body.mcpServers }),
      ...(body.checkpoints && { checkpoints: true }),
      ...(isAnswered(body) && { isAnswered: true }),
      systemPrompt: body.systemPrompt,
      appendSystemPrompt: body.appendSystemPrompt,
      maxTurns: body.maxTurns,
      maxBudgetUsd: body.maxBudgetUsd,
    },
    caller,
    ...(body.tags && { tags: body.tags }),
    ...(body.background && { isPatient: true as const }),
  };
  return { request, isStream: body.stream, ignored: [] };
}

/** Who waits for a whole answer cannot know what a plan waits for, and did not ask to be asked. */
function isAnswered({ permissionMode, stream, background, onDisconnect }: RunBody) {
  if (permissionMode === 'plan') return stream || background || onDisconnect === 'continue';
  return permissionMode === 'ask';
}
