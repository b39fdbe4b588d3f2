import { expect, test } from 'vitest';

import { ApprovalBody, toInputAnswer } from '../../../src/dialects/direct/approval-body.ts';
import type { InputRequest } from '../../../src/run-input.ts';

const APPROVAL: InputRequest = {
  type: 'approval-request',
  id: 'inp_1',
  callId: 'toolu_1',
  toolName: 'Bash',
  input: { command: 'ls' },
  suggestions: ['Bash(ls *)'],
};

const QUESTION: InputRequest = {
  type: 'question',
  id: 'inp_2',
  callId: 'toolu_2',
  questions: [
    { question: 'Which?', isMultiple: false, options: [] },
    { question: 'How?', isMultiple: true, options: [] },
  ],
};

const PLAN: InputRequest = { type: 'plan-review', id: 'inp_3', callId: 'toolu_3', plan: '1.' };

const answer = (body: object, request: InputRequest) =>
  toInputAnswer(ApprovalBody.parse(body), request);

test.each([
  [{ decision: 'allow' }, APPROVAL, { decision: 'allow' }],
  [
    { decision: 'allow', input: { command: 'pwd' }, remember: true },
    APPROVAL,
    { decision: 'allow', input: { command: 'pwd' }, rules: ['Bash(ls *)'] },
  ],
  [{ decision: 'deny' }, APPROVAL, { decision: 'deny', message: 'The user denied this.' }],
  [{ decision: 'deny', message: 'No.' }, PLAN, { decision: 'deny', message: 'No.' }],
  [{ decision: 'allow' }, PLAN, { decision: 'allow' }],
  [
    { decision: 'allow', answers: { 'Which?': 'This', 'How?': ['Fast', 'Well'] } },
    QUESTION,
    { decision: 'allow', answers: { 'Which?': 'This', 'How?': 'Fast, Well' } },
  ],
])('%j', (body, request, expected) => {
  expect(answer(body, request)).toEqual(expected);
});

test.each([
  [{ decision: 'deny', input: {} }, APPROVAL, 'input'],
  [{ decision: 'deny', remember: true }, APPROVAL, 'remember'],
  [{ decision: 'allow', message: 'Yes.' }, APPROVAL, 'message'],
  [{ decision: 'allow', answers: {} }, APPROVAL, 'answers'],
  [{ decision: 'allow', input: {} }, PLAN, 'input'],
  [{ decision: 'allow' }, QUESTION, 'answers'],
  [{ decision: 'allow', answers: { 'Which?': 'This' } }, QUESTION, 'answers'],
  [{ decision: 'allow', answers: { 'Which?': ['a', 'b'], 'How?': 'c' } }, QUESTION, 'answers'],
])('%j is refused', (body, request, param) => {
  expect(() => answer(body, request)).toThrow(expect.objectContaining({ param }));
});
