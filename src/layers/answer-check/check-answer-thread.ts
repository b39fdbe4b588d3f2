import { serveThread } from '../../threads/serve-thread.ts';
import type { AnswerCheck, AnswerVerdict } from './answer-check.ts';
import { compileSchema, type FindComplaint } from './compile-schema.ts';

serveThread(({ schema, answer }: AnswerCheck): AnswerVerdict => {
  let findComplaint: FindComplaint;
  try {
    findComplaint = compileSchema(schema, { mayTakeLong: true });
  } catch (error) {
    return { schemaError: error instanceof Error ? error.message : String(error) };
  }
  return { complaint: answer && findComplaint(answer.value) };
});
