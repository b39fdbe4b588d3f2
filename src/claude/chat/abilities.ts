import { isOlder } from '../../common/cli-versions.ts';

/** When a live process takes other instructions: always, only while it holds no conversation, or never. */
export type Rebinding = 'always' | 'when-empty' | 'never';

/** What this CLI can do beyond what is documented, and which models it has. */
export type Abilities = {
  /** It can rewind a conversation, so that a process can serve more than one request. */
  canRewind: boolean;
  rebinding: Rebinding;
  /** Models for which it refused other instructions, such as `opusplan`, which stands for two models. */
  refusingModels: Set<string>;
  /** The full id of a model, as far as it is known. */
  toModelId: (name: string) => string | undefined;
};

/** Asks the CLI once and remembers the answer. A CLI that does not answer counts as having no abilities. */
export type ReadAbilities = () => Promise<Abilities>;

/** Names no model: a CLI that knows the flag refuses that, and mentions the flag (2.1.300 and later). */
export const REBINDING_PROBE = {
  subtype: 'set_model',
  model: '',
  system_prompt: 'Can this be changed?',
  only_if_model_is_current: true,
} as const;

const FLAG = 'only_if_model_is_current' satisfies keyof typeof REBINDING_PROBE;

/**
 * When `set_model` with `system_prompt` was proven to work, since which version: the requests after it
 * equal those of a new process, byte for byte. Any other version behaves like the next older one here.
 */
const SHOWN: readonly [since: string, rebinding: Rebinding][] = [
  ['2.1.330', 'always'],
  ['2.1.300', 'when-empty'],
];

/** When a CLI of this version takes other instructions, if it refused the probe with these words. */
export function toRebinding(version: string | undefined, refusal: string): Rebinding {
  if (version === undefined || !refusal.includes(FLAG)) return 'never';
  const shown = SHOWN.find(([since]) => !isOlder(version, since));
  return shown?.[1] ?? 'never';
}
