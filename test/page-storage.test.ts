/** What the page keeps in the browser: over two tabs. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { beThere, buildPage, endAll, hasBrowser, hear, PageServer, person, say } from './browser.ts';
import { unless } from './store-rig.ts';

/** How far the browser has kept a room as read. */
async function kept(page: Page, room: string): Promise<number> {
  const text = await page.evaluate(() => localStorage.getItem('hubbub:read') ?? '{}');
  return (JSON.parse(text) as { read?: Record<string, number> }).read?.[`room:${room}`] ?? -1;
}

/** Waits until it has been kept as read further than up to `n`. */
async function readOn(page: Page, room: string, n: number): Promise<void> {
  const stored = ([channel, low]: readonly [string, number]): boolean =>
    (JSON.parse(localStorage.getItem('hubbub:read') ?? '{}') as { read?: Record<string, number> }).read?.[channel] === low + 1;
  await page.waitForFunction(stored, [`room:${room}`, n] as const);
}

/** To another room without loading the page anew. */
async function goTo(page: Page, room: string): Promise<void> {
  await page.getByRole('link', { name: 'Find or create' }).click();
  await page.getByRole('main').locator(`a[href="/r/${room}"]`).click();
  await page.getByRole('heading', { name: room }).waitFor();
}

describe('what the page keeps', unless(hasBrowser, 'there is no Chromium at /usr/bin/chromium'), () => {
  let server: PageServer;

  before(async () => {
    await buildPage();
    server = await PageServer.start();
  });
  after(endAll);

  it('I2: a tab that has not heard yet what another one has read does not take it back', async () => {
    const ann = await person(server, 'Ann', 'kitchen');
    const bob = await person(server, 'Bob', 'kitchen');
    const deaf = await ann.context().newPage();
    await deaf.addInitScript(() => window.addEventListener('storage', (event) => event.stopImmediatePropagation(), true));
    await deaf.goto(`${server.url}/r/general`);
    await beThere(deaf);
    await say(bob, 'one');
    await hear(ann, 'one');
    await readOn(ann, 'kitchen', 0);
    const before = await kept(deaf, 'general');
    await goTo(bob, 'general');
    await say(bob, 'two');
    await hear(deaf, 'two');
    await readOn(deaf, 'general', before);
    assert.equal(await kept(deaf, 'kitchen'), 1);
    await deaf.close();
  });
});
