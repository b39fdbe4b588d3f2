import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';

import { KEY } from '../support/start-proxy.ts';

export type WatchedPage = {
  page: Page;
  /** What the browser complained of, on this page and on others of its context. */
  complaints: string[];
  /** The hosts that were asked for something. */
  hosts: Set<string>;
};

/** A page of the dashboard in a browser that knows nobody. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const hosts = new Set<string>();
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  context.on('weberror', (fault) => complaints.push(fault.error().message));
  context.on('request', (request) => hosts.add(new URL(request.url()).host));
  await page.goto(url);
  return { page, complaints, hosts };
}

/** Signs in as a person does; leads to the page that was asked for. */
export async function signIn(page: Page, key: string = KEY): Promise<void> {
  await page.getByLabel('Key of this server').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
}

/** Closes the page, which has to have complained of nothing and asked nobody but this server for anything. */
export async function closePage(
  { page, complaints, hosts }: WatchedPage,
  url: string,
): Promise<void> {
  await page.context().close();
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual([new URL(url).host]);
}
