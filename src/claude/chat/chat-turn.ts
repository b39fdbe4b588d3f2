import type { Abilities, Rebinding } from './abilities.ts';
import type { ChatRequest } from './chat-request.ts';
import { type ClientTools, createClientTools } from './client-tools.ts';
import { type Fingerprint, toFingerprint } from './fingerprint.ts';
import { type Identity, toHash, toIdentity } from './identity.ts';
import { toTurnSettings, type TurnSettings } from './turn-settings.ts';

/** A request, with everything that choosing and setting up its process takes. Made once. */
export type ChatTurn = {
  request: ChatRequest;
  /** The model by the name that the CLI is given. */
  model: string;
  /** The instructions in one text; `undefined` for none. */
  instructions: string | undefined;
  /**
   * When a live process can be given these instructions, or these tools; `refused`: a process takes these
   * instructions only when it is initialized, although it takes others later.
   */
  rebinding: Rebinding | 'refused';
  tools: OfferedTools;
  settings: TurnSettings;
  identity: Identity;
  /** Of the request's messages, one by one. */
  fingerprints: readonly Fingerprint[];
};

export type OfferedTools = {
  client: ClientTools;
  /** Equal for equal tools; `undefined` for none. */
  key: string | undefined;
};

/** A line with which the CLI divides its own instructions. It removes the line from later ones. */
const BORDER = '__SYSTEM_PROMPT_DYNAMIC_BOUNDARY__';

/** Makes the turn of a request. */
export function toChatTurn(request: ChatRequest, abilities: Abilities): ChatTurn {
  // An alias is not always "current" to the CLI, a full id is.
  const model = abilities.toModelId(request.model) ?? request.model;
  const instructions =
    request.instructions.length === 0 ? undefined : request.instructions.join('\n\n');
  const isRefused =
    instructions !== undefined &&
    (instructions.includes(BORDER) || abilities.refusingModels.has(model));
  return {
    request,
    model,
    instructions,
    rebinding: isRefused ? 'refused' : abilities.rebinding,
    tools: toOffered(request),
    settings: toTurnSettings(request, model),
    identity: toIdentity(request),
    fingerprints: request.messages.map(toFingerprint),
  };
}

/** Whether a spare can serve the turn, although it may be initialized already. */
export function canUseSpare({ request, rebinding }: ChatTurn): boolean {
  // The CLI takes a schema only when it is initialized.
  return rebinding !== 'refused' && request.enforced === undefined;
}

function toOffered({ tools, enforced }: ChatRequest): OfferedTools {
  const offered = enforced?.tool ? [] : tools;
  const key = offered.length === 0 ? undefined : toHash(offered);
  return { client: createClientTools(offered), key };
}
