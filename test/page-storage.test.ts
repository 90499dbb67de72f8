/** What the page keeps in the browser: over two tabs, with a storage that is full or forbidden, and what a sign-out leaves. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { beThere, buildPage, comeIn, composer, endAll, hasBrowser, hear, PageServer, person, say, stranger } from './browser.ts';
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

  it('shows what was written last when there is no room to keep it, and again keeps it when there is', async () => {
    const ann = await person(server, 'Ann', 'general');
    await composer(ann).fill('short');
    await ann.evaluate(() => {
      for (let size = 2 ** 22; size >= 1; ) {
        try {
          localStorage.setItem('ballast', `${localStorage.getItem('ballast') ?? ''}${'x'.repeat(size)}`);
        } catch {
          size = Math.floor(size / 2);
        }
      }
    });
    await composer(ann).fill('longer than before');
    await goTo(ann, 'kitchen');
    await goTo(ann, 'general');
    assert.equal(await composer(ann).inputValue(), 'longer than before');
    await composer(ann).fill('');
    await goTo(ann, 'kitchen');
    await goTo(ann, 'general');
    assert.equal(await composer(ann).inputValue(), '');
    await ann.evaluate(() => localStorage.removeItem('ballast'));
    await composer(ann).fill('kept');
    await ann.reload();
    assert.equal(await composer(ann).inputValue(), 'kept');
  });

  it('works where nothing may be kept', async () => {
    const page = await stranger(server, '/');
    await page.addInitScript(() => {
      Object.defineProperty(window, 'localStorage', {
        get: () => {
          throw new DOMException('not here', 'SecurityError');
        },
      });
    });
    await page.goto(`${server.url}/r/general`);
    await comeIn(page, 'Cid');
    await beThere(page);
    await composer(page).fill('a draft');
    await goTo(page, 'general');
    assert.equal(await composer(page).inputValue(), 'a draft');
  });

  it('a sign-out leaves no word of who was here', async () => {
    const ann = await person(server, 'Ann', 'general');
    await composer(ann).fill('a secret of mine');
    await goTo(ann, 'kitchen');
    await composer(ann).fill('another secret');
    await ann.getByRole('button', { name: 'sign out' }).click();
    await ann.getByLabel('Your name').waitFor();
    const left = await ann.evaluate(() => Object.entries(localStorage).map(([key, value]) => `${key}: ${value}`));
    assert.deepEqual(left, ['hubbub:name: Ann']);
    await comeIn(ann, 'Bea');
    await beThere(ann);
    assert.equal(await composer(ann).inputValue(), '');
  });
});
