import { createHistoryPace, type HistoryPace } from './history-pace.ts';
import { createResumeAhead, type ResumeAhead, type ResumeAheadParts } from './resume-ahead.ts';
import { createResumeChat, type ResumeChat, type ResumeChatOptions } from './resume-chat.ts';

export type HistoriesParts = Omit<ResumeChatOptions, 'noteResumed'> &
  Omit<ResumeAheadParts, 'resume' | 'pace'>;

export type Histories = { pace: HistoryPace; resume: ResumeChat; ahead: ResumeAhead };

/** Makes what brings histories into processes, and knows how long that takes. */
export function createHistories(parts: HistoriesParts): Histories {
  const pace = createHistoryPace();
  const resume = createResumeChat({ ...parts, noteResumed: pace.noteResumed });
  return { pace, resume, ahead: createResumeAhead({ ...parts, resume, pace }) };
}
