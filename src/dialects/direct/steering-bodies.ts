import { z } from 'zod';

const Text = z.string().refine((text) => text.trim() !== '', 'must not be blank');

/** The body of `POST /api/runs/{id}/messages`. */
export const MessageBody = z.strictObject({ text: Text });

/** The body of `PATCH /api/runs/{id}`. */
export const ChangeBody = z
  .strictObject({
    permissionMode: z.enum(['dontAsk', 'ask', 'acceptEdits']).optional(),
    model: z.string().min(1).optional(),
  })
  .refine(({ permissionMode, model }) => permissionMode ?? model, {
    message: 'must be given, or `model`',
    path: ['permissionMode'],
  });

/** The body of `POST /api/runs/{id}/ask`. */
export const AskBody = z.strictObject({ question: Text });

export type MessageBody = z.infer<typeof MessageBody>;
export type ChangeBody = z.infer<typeof ChangeBody>;
export type AskBody = z.infer<typeof AskBody>;

/** The answers of the routes that speak to a run. */
export const steeringAnswers = {
  SentMessage: z.object({ id: z.uuid(), state: z.literal('queued') }),
  TakenBack: z.object({ id: z.string(), takenBack: z.literal(true) }),
  InterruptedRun: z.object({ id: z.string(), interrupted: z.literal(true) }),
  SideAnswer: z.object({ answer: z.string() }),
};
