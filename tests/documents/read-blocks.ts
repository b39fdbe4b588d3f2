import { readFileSync } from 'node:fs';

/** A fenced block of a document. */
export type Block = {
  /** `README.md:17`, where it begins. */
  place: string;
  language: string;
  code: string;
  /** The block behind it, when that is an answer. */
  answer: string | undefined;
};

const FENCE = /^```(?<language>\w*)\n(?<code>[^]*?)^```$/gm;

/** The fenced blocks of a document, in their order. */
export function readBlocks(file: string): Block[] {
  const text = readDocument(file);
  const blocks = [...text.matchAll(FENCE)].map(({ index, groups }) => ({
    place: `${file}:${text.slice(0, index).split('\n').length}`,
    language: groups?.['language'] ?? '',
    code: groups?.['code'] ?? '',
  }));
  return blocks.map((block, index) => {
    const next = blocks[index + 1];
    const isAnswered = isProgram(block) && next && isAnswer(next);
    return { ...block, answer: isAnswered ? next.code : undefined };
  });
}

/** The text of a document of this repository. */
export function readDocument(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
}

function isProgram({ language }: Pick<Block, 'language'>) {
  return language === 'sh' || language === 'js';
}

function isAnswer({ language, code }: { language: string; code: string }) {
  return language === 'json' || code.startsWith('data: ') || code.startsWith('event: ');
}
