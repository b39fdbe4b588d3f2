import type { Reporter, TestModule } from 'vitest/node';

const FILES_SHOWN = 10;

/** Prints the files that took longest, at the end of a run of more than a few. */
export default class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= FILES_SHOWN) return;
    const slowest = modules
      .map((module) => ({ file: module.relativeModuleId, seconds: toSeconds(module) }))
      .toSorted((one, other) => other.seconds - one.seconds)
      .slice(0, FILES_SHOWN);
    console.log(`The slowest ${FILES_SHOWN} files, in seconds with what they load:`);
    for (const { file, seconds } of slowest)
      console.log(`${seconds.toFixed(1).padStart(6)}  ${file}`);
  }
}

function toSeconds(module: TestModule) {
  const { prepareDuration, environmentSetupDuration, collectDuration, setupDuration, duration } =
    module.diagnostic();
  const totalMs =
    prepareDuration + environmentSetupDuration + collectDuration + setupDuration + duration;
  return totalMs / 1000;
}
