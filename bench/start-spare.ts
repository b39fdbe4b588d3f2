import { bindProcess } from '../src/claude/chat/bind.ts';
import { sayTurn } from '../src/claude/chat/chat-process.ts';
import { createPrepareSpare } from '../src/claude/chat/prepare-spare.ts';
import { toChatLaunch } from '../src/claude/launch/launch.ts';
import { createCliProcess } from '../src/claude/process/cli-process.ts';
import { createAbilities, say, toChatRequest, toTurn } from '../tests/claude/chat-request.ts';
import { readFirstDelta } from './histories.ts';
import { CLAUDE, type Stage } from './processes.ts';

/** A CLI process that is set up as the proxy does it ahead, for one request. */
export type BareSpare = {
  /** Asks as somebody new, with instructions; resolves with the time to the first token, in milliseconds. */
  ask(prompt: string): Promise<number>;
};

const ABILITIES = createAbilities({ toModelId: () => 'claude-sonnet-5-5' });

/** Starts one and sets it up, with the settings of an earlier request. */
export async function startSpare({ claudeEnvironment }: Stage): Promise<BareSpare> {
  const folder = String(claudeEnvironment['HOME']);
  const launch = toChatLaunch({ environment: claudeEnvironment, loginArgs: [] }, folder);
  const process = createCliProcess({ ...launch, command: CLAUDE });
  const prepare = createPrepareSpare({
    readAbilities: () => Promise.resolve(ABILITIES),
    likelySettings: () => toNewTurn('Hello.').settings,
    customHeaders: '',
  });
  const spare = { process, ...(await prepare(process)) };
  return {
    async ask(prompt) {
      const turn = toNewTurn(prompt);
      const startedAt = performance.now();
      const chat = await bindProcess(spare, turn);
      await Array.fromAsync(sayTurn(chat, turn, ABILITIES, new AbortController().signal));
      await readFirstDelta(chat);
      const firstTokenMs = performance.now() - startedAt;
      await process.end();
      return firstTokenMs;
    },
  };
}

/** What nobody asked before: another user, other instructions. */
function toNewTurn(prompt: string) {
  const user = crypto.randomUUID();
  return toTurn(
    toChatRequest({
      instructions: [`Be brief. ${user}`],
      messages: [say('user', prompt)],
      caller: { keyId: 'bench', user, requestId: 'bench' },
    }),
    ABILITIES,
  );
}
