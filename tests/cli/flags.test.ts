import { expect, test } from 'vitest';
import { HELP, readFlags } from '../../src/cli/flags.ts';

test('without flags, nothing is asked for', () => {
  expect(readFlags([])).toEqual({
    port: undefined,
    host: undefined,
    isDemo: false,
    isJson: false,
    wantsVersion: false,
    wantsHelp: false,
  });
});

test('values come after a blank or an equals sign', () => {
  expect(readFlags(['--port', '8080', '--host=::1', '--demo'])).toMatchObject({
    port: '8080',
    host: '::1',
    isDemo: true,
  });
});

test.each([
  [['--prot', '1'], "Unknown option '--prot'. See --help for the flags."],
  [['--port'], "Option '--port <value>' argument missing. See --help for the flags."],
  [['--demo=yes'], "Option '--demo' does not take an argument. See --help for the flags."],
  [['sreve'], "Unexpected argument 'sreve'. See --help for the flags."],
  [['worker', 'demo'], "Unexpected argument 'demo'. See --help for the flags."],
])('%j gets one sentence', (args, sentence) => {
  expect(() => readFlags(args)).toThrow(new Error(sentence));
});

test.each([
  [['serve', '--port', '1'], { port: '1', isDemo: false }],
  [['worker'], { role: 'worker', isDemo: false }],
  [['--demo', 'worker'], { role: 'worker', isDemo: true }], // npm run demo -- worker
  [['-v'], { wantsVersion: true }],
  [['-h'], { wantsHelp: true }],
  [['demo', '--port', '1', '--json'], { port: '1', isDemo: true, isJson: true }],
])('%j is short for flags', (args, flags) => {
  expect(readFlags(args)).toMatchObject(flags);
});

test('the help names every flag and command', () => {
  for (const flag of [
    '--port',
    '--host',
    '--demo',
    '--version',
    '--help',
    'doctor',
    'status',
    'env',
    '--json',
  ]) {
    expect(HELP).toContain(flag);
  }
});
