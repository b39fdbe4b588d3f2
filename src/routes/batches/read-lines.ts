import type { BatchProblem } from '../../batch.ts';
import { toRunError } from '../../run-error.ts';
import { LineTooLong, splitLines } from '../../common/split-lines.ts';

/** What is done with each line of a file. */
export type LineReader<Line> = {
  /** In characters. */
  maxLineLength: number;
  /** Reads a line. Throws `RunError` for one that is wrong by itself. */
  check: (text: string) => Promise<Line>;
  /** Finds what is wrong with a line among the others; lines count from 1. */
  find: (line: Line, number: number) => BatchProblem | undefined;
  /** Takes the lines of one piece, as long as nothing was wrong. */
  take: (lines: readonly Line[]) => Promise<void>;
};

/** So many tell what is the matter. */
const MOST_PROBLEMS = 100;

/** Reads JSON lines, blank ones aside; resolves with what is wrong, line by line. Throws what `take` throws. */
export async function readLines<Line>(
  pieces: AsyncIterable<Uint8Array | string>,
  reader: LineReader<Line>,
): Promise<readonly BatchProblem[]> {
  try {
    return await readAll(pieces, reader);
  } catch (error) {
    if (!(error instanceof LineTooLong)) throw error;
    return [{ code: 'line_too_long', message: `${error.message} (MAX_BODY_BYTES)` }];
  }
}

async function readAll<Line>(
  pieces: AsyncIterable<Uint8Array | string>,
  { maxLineLength, check, find, take }: LineReader<Line>,
): Promise<readonly BatchProblem[]> {
  const problems: BatchProblem[] = [];
  let number = 0;
  let isEmpty = true;
  for await (const texts of splitLines(toBytes(pieces), maxLineLength)) {
    const lines: Line[] = [];
    for (const text of texts) {
      number += 1;
      if (text.length > maxLineLength) throw new LineTooLong(maxLineLength);
      if (text.trim() === '') continue;
      isEmpty = false;
      const read = await readLine(text, number, check);
      const problem = 'problem' in read ? read.problem : find(read.line, number);
      if (problem) problems.push(problem);
      else if ('line' in read) lines.push(read.line);
      if (problems.length >= MOST_PROBLEMS) return problems;
    }
    if (problems.length === 0) await take(lines);
  }
  if (isEmpty) return [{ code: 'empty_file', message: 'The file holds no request.' }];
  return problems;
}

async function readLine<Line>(
  text: string,
  number: number,
  check: LineReader<Line>['check'],
): Promise<{ line: Line } | { problem: BatchProblem }> {
  try {
    return { line: await check(text) };
  } catch (error) {
    const { message, param } = toRunError(error);
    const code = param === undefined ? 'invalid_json_line' : 'invalid_request';
    return { problem: { code, message, param, line: number } };
  }
}

async function* toBytes(pieces: AsyncIterable<Uint8Array | string>) {
  for await (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}
