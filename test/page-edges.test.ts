/** The page where something is odd: a name that cannot be, a server that knows one no more, a room that cannot be, a narrow screen. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { buildPage, composer, endAll, hasBrowser, hear, PageServer, person, say, settled, shownRows, status, stranger } from './browser.ts';
import { unless } from './store-rig.ts';

async function comeIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Come in' }).click();
}

/** Keeps what the banner has said, word for word but for the numbers, each change once. */
async function recordWords(page: Page): Promise<() => Promise<string[]>> {
  const said = await page.locator('.banner').evaluateHandle((banner: HTMLElement) => {
    const texts: string[] = [];
    const note = (): void => {
      const text = (banner.textContent ?? '').replace(/^reconnecting( in \d+ stry now|…)$/, 'reconnecting').replace(/, [\d,]+ to go$/, '');
      if (text !== texts.at(-1)) texts.push(text);
    };
    note();
    new MutationObserver(note).observe(banner, { subtree: true, childList: true, characterData: true });
    return texts;
  });
  return () => said.jsonValue();
}

describe('page, at its edges', unless(hasBrowser, 'there is no Chromium at /usr/bin/chromium'), () => {
  let server: PageServer;

  before(async () => {
    await buildPage();
    server = await PageServer.start();
  });
  after(endAll);

  it('stays at the form with a name that cannot be, says why, and keeps it', async () => {
    const page = await stranger(server, 'porch');
    const name = '山'.repeat(30);
    await comeIn(page, name);
    await page.getByRole('alert').getByText('cannot be a name').waitFor();
    assert.equal(await page.getByLabel('Your name').inputValue(), name);
    await comeIn(page, `${name} `);
    await page.getByRole('alert').getByText('cannot be a name').waitFor();
    await comeIn(page, '山');
    await status(page, 'live');
    await page.getByRole('heading', { name: 'porch' }).waitFor();
    await say(page, 'hello');
    await hear(page, 'hello');
    assert.deepEqual(await page.locator('.row .who .name').allTextContents(), ['山']);
  });

  it('keeps what one wrote when the server does not know one any more', async () => {
    const own = await PageServer.start();
    const ann = await person(own, 'Ann', 'lost');
    await own.kill();
    await status(ann, 'reconnecting');
    await say(ann, 'not sent yet');
    await composer(ann).fill('not finished yet');
    rmSync(join(own.folder, 'secret'));
    await own.start();
    await ann.getByText('the server does not know you any more').waitFor();
    await ann.getByText('your message is kept').waitFor();
    await ann.getByRole('button', { name: 'sign in again' }).click();
    await ann.getByRole('alert').getByText('What you wrote is kept').waitFor();
    await comeIn(ann, 'Ann');
    await hear(ann, 'not sent yet');
    await settled(ann);
    assert.equal(await composer(ann).inputValue(), 'not finished yet');
    assert.equal((await shownRows(ann)).length, 1);
  });

  it('asks before it forgets what is not sent', async () => {
    const own = await PageServer.start();
    const ann = await person(own, 'Ann', 'exit');
    await own.kill();
    await status(ann, 'reconnecting');
    await say(ann, 'one');
    await say(ann, 'two');
    await ann.getByRole('button', { name: 'sign out' }).click();
    const sure = ann.getByRole('button', { name: 'lose 2 unsent?' });
    await sure.waitFor();
    await composer(ann).focus();
    await ann.getByRole('button', { name: 'sign out' }).click();
    await sure.click();
    await ann.getByLabel('Your name').waitFor();
  });

  it('says in words how the link stands', async () => {
    const own = await PageServer.start();
    const ann = await person(own, 'Ann');
    await say(ann, 'there');
    await settled(ann);
    const words = await recordWords(ann);
    await own.kill();
    await ann.getByRole('button', { name: 'try now' }).waitFor();
    await own.start();
    await status(ann, 'live');
    assert.deepEqual(await words(), ['', 'reconnecting', 'catching up', '']);
  });

  it('goes to no room that cannot be', async () => {
    const ann = await person(server, 'Ann', 'here');
    const field = ann.getByRole('textbox', { name: 'Go to a room' });
    for (const name of ['é'.repeat(40), '..']) {
      await field.fill(name);
      await ann.getByText('No room can be called that').waitFor();
      await field.press('Enter');
      assert.equal(new URL(ann.url()).pathname, '/r/here');
    }
    await field.fill('##1');
    await field.press('Enter');
    await ann.getByRole('heading', { name: '#1' }).waitFor();
    await say(ann, 'in number one');
    await hear(ann, 'in number one');
    await ann.reload();
    await hear(ann, 'in number one');
  });

  it('fits on a narrow screen', async () => {
    const ann = await person(server, 'Ann', 'pocket', { viewport: { width: 340, height: 600 }, hasTouch: true, isMobile: true });
    await say(ann, 'w'.repeat(400));
    await say(ann, `https://example.org/${'w'.repeat(400)}`);
    await settled(ann);
    const size = await ann.evaluate(() => {
      const { scrollWidth, scrollHeight } = document.documentElement;
      return { scrollWidth, scrollHeight, scroller: document.querySelector('.scroller')?.scrollWidth };
    });
    assert.deepEqual(size, { scrollWidth: 340, scrollHeight: 600, scroller: 340 });
    const box = await composer(ann).boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= 340 && box.y + box.height <= 600);
    // The room that is open comes first; the others are a touch away, and so is the way back.
    const rooms = ann.getByRole('navigation', { name: 'Rooms' }).getByRole('link');
    const [open, other] = [rooms.filter({ hasText: 'pocket' }), rooms.filter({ hasText: 'general' })];
    const [first, second] = [await open.boundingBox(), await other.boundingBox()];
    assert.ok(first && second && first.x < second.x && first.y === second.y);
    await other.tap();
    await ann.getByRole('heading', { name: 'general' }).waitFor({ state: 'attached' });
    await ann.goBack();
    await ann.getByRole('heading', { name: 'pocket' }).waitFor({ state: 'attached' });
  });
});
