import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Loaded ahead of the program (`--import`): at SIGUSR2 its clock is off by the milliseconds that stand in a
 * file, and another one says so.
 */
const RealDate = Date;
let offsetMs = 0;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...args);
  }

  static now() {
    return RealDate.now() + offsetMs;
  }
};

process.on('SIGUSR2', () => {
  const text = readFileSync(process.env.CLOCK_OFFSET_FILE, 'utf8');
  offsetMs = Number(text);
  writeFileSync(`${process.env.CLOCK_OFFSET_FILE}.seen`, text);
});
