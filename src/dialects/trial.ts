import type { Effort, PermissionMode } from '../run.ts';

/** What is sent to try an API. What is `undefined` stays out of the body. */
export type TrialRequest = {
  model: string;
  /** An API without conversations is sent the last of the user's. */
  messages: readonly TrialMessage[];
  /** Whether the answer comes in one piece. Default: it is streamed. */
  isWhole?: boolean | undefined;
  system?: string | undefined;
  tools?: readonly TrialTool[] | undefined;
  /** JSON Schema of the answer. */
  schema?: Record<string, unknown> | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  maxTokens?: number | undefined;
  stop?: readonly string[] | undefined;
  effort?: Effort | undefined;
  thinking?: 'on' | 'off' | undefined;
  agent?: TrialAgent | undefined;
};

export type TrialMessage =
  | { role: 'user'; text: string; images?: readonly TrialImage[] | undefined }
  | { role: 'assistant'; text: string; calls?: readonly TrialCall[] | undefined }
  | { role: 'tool'; callId: string; name: string; text: string };

/** `data` is base64. */
export type TrialImage = { mediaType: string; data: string };

export type TrialCall = { id: string; name: string; input: Record<string, unknown> };

export type TrialTool = {
  name: string;
  description?: string | undefined;
  inputSchema: Record<string, unknown>;
};

/** What only an agent's run has. */
export type TrialAgent = {
  workingDirectory?: string | undefined;
  permissionMode?: PermissionMode | undefined;
  allowedTools?: readonly string[] | undefined;
  disallowedTools?: readonly string[] | undefined;
  sessionId?: string | undefined;
};

/** What an API has a place for, beside a model and one text of the user's. */
export type TrialField =
  | 'conversation'
  | 'images'
  | Exclude<keyof TrialRequest, 'model' | 'messages' | 'isWhole'>;

/** What each of the large APIs for chats has a place for. */
export const CHAT_FIELDS: readonly TrialField[] = [
  'conversation',
  'images',
  'system',
  'tools',
  'schema',
  'temperature',
  'topP',
  'maxTokens',
  'effort',
  'thinking',
];

/** How a dialect is tried, on the page and by `doctor`, and how programs would send the same request. */
export type Trial = {
  /** The dialect's. */
  name: string;
  /** What people call the API. */
  title: string;
  path: string;
  takes: readonly TrialField[];
  /** The smallest body for the request. */
  toBody: (request: TrialRequest) => object;
  toCode: ToCode;
};

/** The text of the last message of the user's. */
export function toPrompt({ messages }: Pick<TrialRequest, 'messages'>): string {
  return messages.findLast(({ role }) => role === 'user')?.text ?? '';
}

/** The ways in which a request is shown as code, `curl` aside, which is the same for every API. */
export type Code = { python: string; typescript: string; langchain: string };

/** A request's texts as string literals that are right in Python and in JavaScript. */
export type Literals = { model: string; prompt: string; url: string; v1: string };

/** A request of one text as the code of programs. Where the key belongs stands PROXY_API_KEY of their environment. */
export type ToCode = (literals: Literals) => Code;
