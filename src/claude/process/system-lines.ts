import { z } from 'zod';

/** The CLI retries a failed API call. */
export const ApiRetryLine = z.object({
  type: z.literal('system'),
  subtype: z.literal('api_retry'),
  error_status: z.number().nullish(),
  retry_delay_ms: z.number(),
});

/** `idle` means that the CLI has nothing to do, though shell commands may still run in the background (CLI 2.1.330). */
const SessionStateLine = z.object({
  type: z.literal('system'),
  subtype: z.literal('session_state_changed'),
  state: z.string(),
});

const TaskStartedLine = z.object({
  type: z.literal('system'),
  subtype: z.literal('task_started'),
  task_id: z.string(),
  task_type: z.string().nullish(),
  tool_use_id: z.string().nullish(),
  description: z.string().nullish(),
  is_backgrounded: z.boolean().nullish(),
});

const TaskNotificationLine = z.object({
  type: z.literal('system'),
  subtype: z.literal('task_notification'),
  task_id: z.string(),
  status: z.string(),
  summary: z.string().nullish(),
});

/** All tasks that are now running in the background. */
const BackgroundTasksLine = z.object({
  type: z.literal('system'),
  subtype: z.literal('background_tasks_changed'),
  tasks: z.array(
    z.object({
      task_id: z.string(),
      task_type: z.string().nullish(),
      description: z.string().nullish(),
    }),
  ),
});

const PermissionDeniedLine = z.object({
  type: z.literal('system'),
  subtype: z.literal('permission_denied'),
  tool_name: z.string(),
  tool_use_id: z.string(),
  message: z.string().nullish(),
});

/** What the CLI reports about itself. */
export const SystemLine = z.discriminatedUnion('subtype', [
  ApiRetryLine,
  SessionStateLine,
  TaskStartedLine,
  TaskNotificationLine,
  BackgroundTasksLine,
  PermissionDeniedLine,
]);

export type ApiRetryLine = z.infer<typeof ApiRetryLine>;
export type SystemLine = z.infer<typeof SystemLine>;
