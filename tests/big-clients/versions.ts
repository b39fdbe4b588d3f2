/** The programs and packages of this folder, as npm has them, and the versions that are tried. */
export const VERSIONS = {
  '@openai/codex': '0.171.0',
  '@anthropic-ai/claude-agent-sdk': '0.3.332',
  'opencode-ai': '1.18.33',
  '@github/copilot': '1.0.102',
  '@qwen-code/qwen-code': '0.24.4',
  '@mariozechner/pi-coding-agent': '0.73.1',
  cline: '3.0.65',
  '@continuedev/cli': '1.5.47',
  '@kilocode/cli': '7.7.7', // 7.8.1 has no binary for Linux
  promptfoo: '0.123.1',
  '@instructor-ai/instructor': '1.7.0',
  '@mastra/core': '1.71.0',
  '@llamaindex/openai': '0.4.23',
} as const;

export type BigClient = keyof typeof VERSIONS;
