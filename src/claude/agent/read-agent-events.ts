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

/** A line of the CLI, or how an input that it waited for was settled. */
export type AgentLine = CliLine | InputSettled;

export type AgentReading = {
  model: string;
  /** Fields of `run-start` that the CLI does not send. */
  startFields: Pick<RunStart, 'sessionId' | 'promptId'>;
  /** The id that the prompt was sent with. */
  promptId: string;
  /** What the session had spent before this run. */
  before: Spending;
  /** The inputs that the agent waits for. */
  inputs: Pick<AgentInputs, 'ask' | 'withdraw' | 'isWaiting'>;
  /** The messages sent to it during the run: id → text. */
  messages: ReadonlyMap<string, string>;
  /** Whether it was asked to stop. */
  isInterrupted: () => boolean;
  /** Longest silence of background tasks, in milliseconds, when nothing else goes on. */
  tasksTimeoutMs: number;
  /** Called with the ids of the tasks that are still at work when the run ends. */
  stopTasks: (ids: readonly string[]) => void;
};

/**
 * Reads a whole agent run: its messages, tool calls and tool results as parts with consecutive numbers, and between
 * them what sub-agents and background tasks do. It ends when the CLI is idle and no task is left, or when the
 * tasks that are left have been silent for too long.
 */
export async function* readAgentEvents(
  lines: AsyncIterable<AgentLine>,
  reading: AgentReading,
): AsyncIterable<RunEvent | RunProgress> {
  const answer = createAgentAnswer(reading.before);
  const tasks = createBackgroundTasks();
  const messages = createMessageReader(reading.startFields);
  let hasRetried = false;
  let isResting = false;
  let reportsState = false;

  const { inputs, stopTasks } = reading;
  const end = () => toEndEvents(answer, tasks, stopTasks);
  const patienceMs = () => (isResting && !inputs.isWaiting() ? reading.tasksTimeoutMs : undefined);
  for await (const line of untilSilent(lines, patienceMs)) {
    if (line === 'silent') return yield* end();
    if (line.type === 'input-settled') yield line;
    else if (line.type === 'control_request' || line.type === 'control_cancel_request') {
      yield* toInputEvents(line, inputs);
    } else if (line.type === 'result') {
      // After a cut-off run the CLI first sends a result about that run's tasks, which is no answer to this prompt.
      if (!line.is_error && !messages.hasStarted()) continue;
      const isCut = reading.isInterrupted() && isAborted(line);
      if (isCut) yield* messages.cut();
      answer.add(line, { model: reading.model, hasRetried, isCut });
      isResting = true;
      if (isLimit(line) || (!reportsState && tasks.running().length === 0)) return yield* end();
    } else if (line.type === 'system') {
      yield HEARD;
      if (line.subtype === 'api_retry') {
        messages.checkWhole();
        hasRetried = true;
        const error = messages.hasStarted() ? undefined : toRetryError(line);
        if (error) throw error;
      }
      if (line.subtype === 'session_state_changed') {
        reportsState = true;
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

/** The event for an input that the CLI asks for, or that it no longer waits for. */
function* toInputEvents(line: ControlLine, inputs: AgentReading['inputs']) {
  const event =
    line.type === 'control_request'
      ? inputs.ask(line.request_id, line.request)
      : inputs.withdraw(line.request_id);
  if (event) yield event;
}

/** Ends the run, and stops the tasks that are left. */
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

/** The CLI's states of a message → ours; `completed` comes at the end of the turn, and says nothing new. */
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
