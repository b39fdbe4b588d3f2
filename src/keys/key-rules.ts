import type { Model } from '../backend.ts';
import { isOnListedHost } from '../common/host-list.ts';
import type { RunRequest } from '../run.ts';
import { RunError } from '../run-error.ts';
import type { ApiKey } from './api-key.ts';

/** The tool that starts one, and what the CLI called it before. */
const SUBAGENT_TOOLS = ['Agent', 'Task'];

export type KeyRulesOptions = {
  /** The operator's names for models → the model they mean. */
  modelAliases: ReadonlyMap<string, string>;
  /** The CLI's catalogue, asked only when a name alone does not tell. */
  readModels: () => Promise<readonly Model[]>;
};

/** Checks a request against its caller's key, and puts what the key denies into it. */
export type ApplyKeyRules = (key: ApiKey, request: RunRequest) => Promise<RunRequest>;

/** Makes the check. It throws `forbidden` for what the key may not do, naming the field. */
export function createKeyRules({ modelAliases, readModels }: KeyRulesOptions): ApplyKeyRules {
  return async (key, request) => {
    checkScope(key, request);
    checkPermissionMode(key, request);
    checkSubagents(key, request);
    checkMcpServers(key, request);
    const catalogue = await catalogueFor(key);
    for (const { model, param } of toModels(request)) {
      const name = modelAliases.get(model) ?? model;
      if (!mayUseModel(key, [model, name], catalogue)) throw toModelError(model, param);
    }
    return withTags(key, withDeniedTools(key, request));
  };

  async function catalogueFor({ models }: ApiKey) {
    return models ? readModels().catch(() => []) : []; // without it only the very names hold
  }
}

/** Whether the key allows a model under one of its names, those of the catalogue among them. */
export function mayUseModel(
  { models }: Pick<ApiKey, 'models'>,
  names: readonly string[],
  catalogue: readonly Model[],
): boolean {
  if (!models) return true;
  const entry = catalogue.find(({ id, aliases }) =>
    names.some((name) => name === id || aliases.includes(name)),
  );
  const known = entry ? [...names, entry.id, ...entry.aliases] : names;
  return known.some((name) => models.includes(name));
}

/** What a key is told that may not use a model. */
export function toModelError(model: string, param = 'model'): RunError {
  const sentence = `This key may not use the model \`${model.slice(0, 80)}\`.`;
  return new RunError('forbidden', sentence, { param });
}

function checkScope({ scopes }: ApiKey, { agent }: RunRequest) {
  const scope = agent ? 'agent' : 'chat';
  if (!scopes.includes(scope)) throw toScopeError(scope);
}

/** What a key is told whose scopes do not reach. */
export function toScopeError(scope: ApiKey['scopes'][number]): RunError {
  return new RunError('forbidden', `This key lacks the scope \`${scope}\`.`);
}

function checkPermissionMode({ permissionModes }: ApiKey, { agent }: RunRequest) {
  if (!agent || !permissionModes || permissionModes.includes(agent.permissionMode)) return;
  throw new RunError(
    'forbidden',
    `This key may not use the permission mode ${agent.permissionMode}, only ${permissionModes.join(', ')}.`,
    { param: 'permissionMode' },
  );
}

/** Every model that a request names, and where. */
function toModels({ model, agent }: RunRequest) {
  const subagents = Object.entries(agent?.subagents ?? {}).flatMap(([name, subagent]) =>
    subagent.model === undefined || subagent.model === 'inherit'
      ? []
      : [{ model: subagent.model, param: `agents.${name}.model` }],
  );
  return [{ model, param: 'model' }, ...subagents];
}

function checkSubagents({ deniedTools = [] }: ApiKey, { agent }: RunRequest) {
  if (!agent?.subagents || !SUBAGENT_TOOLS.some((tool) => deniedTools.includes(tool))) return;
  throw new RunError('forbidden', 'This key may not use sub-agents.', { param: 'agents' });
}

function checkMcpServers({ mcpHosts = [] }: ApiKey, { agent }: RunRequest) {
  if (mcpHosts.includes('*')) return;
  for (const [index, { url }] of (agent?.mcpServers ?? []).entries()) {
    if (isOnListedHost(url, mcpHosts)) continue;
    throw new RunError('forbidden', 'This key may not use MCP servers on this host.', {
      param: `mcpServers.${index}.url`,
    });
  }
}

function withTags({ tags = [] }: ApiKey, request: RunRequest): RunRequest {
  if (tags.length === 0) return request;
  return { ...request, tags: [...new Set([...(request.tags ?? []), ...tags])] };
}

/** The CLI lets what is disallowed win over what is allowed, in every permission mode. */
function withDeniedTools({ deniedTools = [] }: ApiKey, request: RunRequest): RunRequest {
  const { agent } = request;
  if (!agent || deniedTools.length === 0) return request;
  const disallowedTools = [...agent.disallowedTools, ...deniedTools];
  return { ...request, agent: { ...agent, disallowedTools } };
}
