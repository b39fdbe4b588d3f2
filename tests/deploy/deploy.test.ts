import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { readDockerfile } from '../../scripts/dockerfile.ts';
import { isSettingName } from '../../src/settings.ts';

const toUrl = (file: string) => new URL(`../../${file}`, import.meta.url);
const read = (file: string) => readFileSync(toUrl(file), 'utf8');

describe('the Dockerfile', () => {
  const instructions = readDockerfile(read('deploy/Dockerfile'));
  const last = instructions.filter(({ stage }) => stage === 'last');
  const valuesOf = (name: string) =>
    instructions.filter((one) => one.name === name).map(({ value }) => value);

  test('starts from one pinned image, and installs a pinned CLI', () => {
    const images = valuesOf('FROM').map((value) => value.split(' ')[0]);

    expect(new Set(images)).toEqual(new Set([expect.stringMatching(/^node:\d+\.\d+\.\d+-/)]));
    expect(valuesOf('RUN').join()).toMatch(/@anthropic-ai\/claude-code@\d+\.\d+\.\d+ /);
  });

  test('runs as somebody, and nothing is done as root behind that', () => {
    const names = last.map(({ name }) => name);

    expect(last.find(({ name }) => name === 'USER')?.value).toBe('node');
    expect(names.slice(names.indexOf('USER'))).not.toContain('RUN');
  });

  test('copies what exists, and what .dockerignore lets through', () => {
    const copied = valuesOf('COPY').filter((value) => !value.startsWith('--from='));
    const sources = copied.flatMap((value) => value.split(' ').slice(0, -1));
    const passed = read('.dockerignore').split('\n');

    expect(sources.filter((source) => !existsSync(toUrl(source)))).toEqual([]);
    expect(sources.filter((source) => !passed.includes(`!${source}`))).toEqual([]);
  });

  test('has every folder that the program reads beside its code', () => {
    const own = readdirSync(toUrl('src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [...read(`src/${file}`).matchAll(/new URL\([`'](?:\.\.\/)+(\w+)\//g)])
      .map(([, folder]) => folder);
    const copied = last.filter(({ name }) => name === 'COPY').map(({ value }) => value);

    expect(own).toContain('assets');
    for (const folder of own) expect(copied).toContain(`${folder} ./${folder}`);
  });

  test('takes from a stage what that stage has', () => {
    const stages = new Set(instructions.map(({ stage }) => stage));
    const named = valuesOf('COPY').flatMap((value) => /--from=(\w+)/.exec(value)?.[1] ?? []);

    expect(named.filter((stage) => !stages.has(stage))).toEqual([]);
  });

  test('tells the server only what is a setting', () => {
    const names = valuesOf('ENV').flatMap((value) => value.match(/\w+(?==)/g) ?? []);

    expect(names.filter((name) => !isSettingName(name))).toEqual(['NODE_ENV']);
  });

  test('asks for the health, and starts the built program', () => {
    expect(valuesOf('HEALTHCHECK')).toEqual([expect.stringContaining('/health')]);
    expect(valuesOf('ENTRYPOINT')).toEqual(['["node", "dist/bin.js"]']);
  });
});

describe('the systemd unit', () => {
  const unit = read('deploy/claude-code-proxy.service');
  const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];

  test('runs as a user of its own, in a state folder of its own', () => {
    expect(setting('User')).toBe('claude-code-proxy');
    expect(setting('StateDirectory')).toBe('claude-code-proxy');
    expect(unit).toContain('Environment=STATE_DIR=/var/lib/claude-code-proxy/');
  });

  test('gives running answers longer than the server takes', () => {
    const [, graceMs] = /^# SHUTDOWN_GRACE_MS=(\d+)$/m.exec(read('.env.example')) ?? [];

    expect(Number(setting('TimeoutStopSec')) * 1000).toBeGreaterThan(Number(graceMs) + 5000);
    expect(setting('KillMode')).toBe('mixed');
  });

  test('does not forbid what JavaScript needs', () => {
    expect(setting('MemoryDenyWriteExecute')).toBeUndefined();
    expect(setting('ProtectSystem')).toBe('strict');
    expect(setting('NoNewPrivileges')).toBe('yes');
  });
});
