import type { RunEvent, RunProgress, RunStart } from '../../run.ts';
import type { InputSettled } from '../../run-input.ts';
import { RunError } from '../../run-error.ts';
import { processEnded, toRetryError } from '../process/failures.ts';
import type { CliLine } from '../process/protocol.ts';
import { HEARD } from '../process/to-run-event.ts';
import type { AgentInputs } from './agent-inputs.ts';
import { createAgentAnswer, isAborted, isLimit } from './agent-answer.ts';
import { createBackgroundTasks } from './background-tasks.ts';
import { createMessageReader } from './message-reader.ts';
import type { Spending } from './spending.ts';
import { toSideEvents } from './to-side-events.ts';
import { untilSilent } from './until-silent.ts';

/** What the CLI says, and what became of its questions. */
export type AgentLine = CliLine | InputSettled;

export type AgentReading = {
  model: string;
  /** What the start of the run tells of it. */
  told: Pick<RunStart, 'sessionId' | 'promptId'>;
  /** The id that the prompt was sent with. */
  promptId: string;
  /** What the session had spent before this run. */
  before: Spending;
  /** What it waits to be told. */
  inputs: Pick<AgentInputs, 'ask' | 'withdraw' | 'isWaiting'>;
  /** What it was told on the way: id → text. */
  messages: ReadonlyMap<string, string>;
  /** Whether it was told to stop. */
  isInterrupted: () => boolean;
  /** Longest silence of background tasks, in milliseconds, when nothing else goes on. */
  tasksTimeoutMs: number;
  /** Called with the ids of the tasks that are still at work when the run ends. */
  stopTasks: (ids: readonly string[]) => void;
};

/**
 * A whole agent run: all its messages, tool calls and tool results as parts counted through; beside them
 * what sub-agents and background tasks do. It ends when the CLI has nothing more to do and no task is
 * left, or when the tasks that are left have been silent for too long.
 */
export async function* readAgentEvents(
  lines: AsyncIterable<AgentLine>,
  reading: AgentReading,
): AsyncIterable<RunEvent | RunProgress> {
  const answer = createAgentAnswer(reading.before);
  const tasks = createBackgroundTasks();
  const messages = createMessageReader(reading.told);
  let hasRetried = false;
  let isResting = false;
  let tellsState = false;

  const { inputs, stopTasks } = reading;
  const end = () => toEndEvents(answer, tasks, stopTasks);
  const patienceMs = () => (isResting && !inputs.isWaiting() ? reading.tasksTimeoutMs : undefined);
  for await (const line of untilSilent(lines, patienceMs)) {
    if (line === 'silent') return yield* end();
    if (line.type === 'input-settled') yield line;
    else if (line.type === 'control_request' || line.type === 'control_cancel_request') {
      yield* toInputEvents(line, inputs);
    } else if (line.type === 'result') {
      // A session that was cut off first tells what became of its tasks; that is no answer.
      if (!line.is_error && !messages.hasStarted()) continue;
      const isCut = reading.isInterrupted() && isAborted(line);
      if (isCut) yield* messages.cut();
      answer.add(line, { model: reading.model, hasRetried, isCut });
      isResting = true;
      if (isLimit(line) || (!tellsState && tasks.running().length === 0)) return yield* end();
    } else if (line.type === 'system') {
      yield HEARD;
      if (line.subtype === 'api_retry') {
        messages.checkWhole();
        hasRetried = true;
        const error = messages.hasStarted() ? undefined : toRetryError(line);
        if (error) throw error;
      }
      if (line.subtype === 'session_state_changed') {
        tellsState = true;
        const isIdle = line.state === 'idle';
        if (isIdle && isResting && tasks.running().length === 0) return yield* end();
        isResting &&= isIdle;
      }
      yield* tasks.read(line);
      yield* toSideEvents(line);
    } else if ('parent_tool_use_id' in line && line.parent_tool_use_id) {
      yield HEARD;
      yield* toSideEvents(line);
    } else if (line.type === 'stream_event') {
      isResting = false;
      yield* messages.read(line.event);
    } else {
      yield HEARD;
      if (isDone(line, reading.promptId) && !answer.hasResult()) throw noAnswer();
      if (line.type === 'user') yield* messages.readResults(line);
      if (line.type === 'command_lifecycle') yield* toUserMessages(line, reading.messages);
    }
  }
  throw processEnded('its output ended in the middle of a run');
}

type ControlLine = Extract<CliLine, { type: 'control_request' | 'control_cancel_request' }>;

/** Something is to be told, or not any more. */
function* toInputEvents(line: ControlLine, inputs: AgentReading['inputs']) {
  const event =
    line.type === 'control_request'
      ? inputs.ask(line.request_id, line.request)
      : inputs.withdraw(line.request_id);
  if (event) yield event;
}

/** The end of the run, and of the tasks that are left. */
function* toEndEvents(
  answer: ReturnType<typeof createAgentAnswer>,
  tasks: ReturnType<typeof createBackgroundTasks>,
  stopTasks: AgentReading['stopTasks'],
): Iterable<RunEvent> {
  const left = tasks.running();
  if (left.length > 0) stopTasks(left.map(({ id }) => id));
  yield* tasks.stop();
  yield answer.toEnd(left);
}

function isDone(line: CliLine, promptId: string) {
  return (
    line.type === 'command_lifecycle' &&
    line.command_uuid === promptId &&
    line.state === 'completed'
  );
}

type LifecycleLine = Extract<CliLine, { type: 'command_lifecycle' }>;

/** The CLI's words for what becomes of a message → ours; it is `completed` when the turn is. */
const MESSAGE_STATES: Readonly<Record<string, 'queued' | 'read' | 'taken-back'>> = {
  queued: 'queued',
  started: 'read',
  cancelled: 'taken-back',
};

function* toUserMessages(
  { command_uuid: id, state }: LifecycleLine,
  messages: AgentReading['messages'],
): Iterable<RunEvent> {
  const text = messages.get(id);
  const known = MESSAGE_STATES[state];
  if (text !== undefined && known) yield { type: 'user-message', id, text, state: known };
}

function noAnswer() {
  return new RunError(
    'cli-failed',
    'The agent ended without asking a model; a hook of this machine may have stopped the prompt.',
  );
}
