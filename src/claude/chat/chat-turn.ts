import type { Abilities, Rebinding } from './abilities.ts';
import type { ChatRequest } from './chat-request.ts';
import { type ClientTools, createClientTools } from './client-tools.ts';
import { type Fingerprint, toFingerprint } from './fingerprint.ts';
import { type Identity, toHash, toIdentity } from './identity.ts';

/** A request with all by which a process is chosen for it and told about it. Made once. */
export type ChatTurn = {
  request: ChatRequest;
  /** The model by the name that the CLI is given. */
  model: string;
  /** The instructions in one text; `undefined` for none. */
  instructions: string | undefined;
  /** When a live process can be given these instructions, or these tools. */
  rebinding: Rebinding;
  /** These instructions a process has to be told at first, whatever the CLI can. */
  isFixed: boolean;
  tools: OfferedTools;
  identity: Identity;
  /** Of the request's messages, one by one. */
  fingerprints: readonly Fingerprint[];
};

export type OfferedTools = {
  client: ClientTools;
  /** Equal for equal tools; `undefined` for none. */
  key: string | undefined;
};

/** A line that the CLI takes for a border inside its own instructions, and removes when it comes later. */
const BORDER = '__SYSTEM_PROMPT_DYNAMIC_BOUNDARY__';

/** Makes the turn of a request. */
export function toChatTurn(request: ChatRequest, abilities: Abilities): ChatTurn {
  // An alias is not always "current" to the CLI, a full id is.
  const model = abilities.toModelId(request.model) ?? request.model;
  const instructions =
    request.instructions.length === 0 ? undefined : request.instructions.join('\n\n');
  const isFixed =
    instructions !== undefined &&
    (instructions.includes(BORDER) || abilities.refusingModels.has(model));
  return {
    request,
    model,
    instructions,
    isFixed,
    rebinding: isFixed ? 'never' : abilities.rebinding,
    tools: toOffered(request),
    identity: toIdentity(request),
    fingerprints: request.messages.map(toFingerprint),
  };
}

/** Whether a spare can serve the turn, which may know already that there is nothing to know. */
export function canUseSpare({ request, isFixed }: ChatTurn): boolean {
  // A schema is heeded only at first.
  return !isFixed && request.enforced === undefined;
}

function toOffered({ tools, enforced }: ChatRequest): OfferedTools {
  const offered = enforced?.tool ? [] : tools;
  const key = offered.length === 0 ? undefined : toHash(offered);
  return { client: createClientTools(offered), key };
}
