/** The page where something is odd: a name that cannot be, a server that knows one no more, a room that cannot be, a narrow screen. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import {
  beThere,
  buildPage,
  comeIn,
  composer,
  endAll,
  hasBrowser,
  hear,
  PageServer,
  person,
  say,
  settled,
  shownRows,
  status,
  stranger,
} from './browser.ts';
import { unless } from './store-rig.ts';

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
    await beThere(page);
    await page.getByRole('heading', { name: 'porch' }).waitFor();
    await say(page, 'hello');
    await hear(page, 'hello');
    assert.deepEqual(await page.locator('.row .who .name').allTextContents(), ['山']);
  });

  it('keeps what one wrote when the server does not know one any more', async () => {
    const own = await PageServer.start();
    const ann = await person(own, 'Ann', 'lost');
    // She is told that the room is one of hers: until then she would join it by speaking.
    await ann.getByRole('button', { name: 'Room menu' }).waitFor();
    await own.kill();
    await status(ann, 'reconnecting');
    await say(ann, 'not sent yet');
    await composer(ann).fill('not finished yet');
    const secret = join(own.folder, 'another-secret');
    writeFileSync(secret, 'a secret that no token was signed with');
    await own.start('--secret-file', secret);
    await ann.getByText('the server does not know you any more').waitFor();
    await ann.getByText('your message is kept').waitFor();
    await ann.getByRole('button', { name: 'sign in again' }).click();
    await ann.getByRole('alert').getByText('What you wrote is kept').waitFor();
    await comeIn(ann, 'Ann');
    await hear(ann, 'not sent yet');
    await settled(ann);
    assert.equal(await composer(ann).inputValue(), 'not finished yet');
    assert.deepEqual(
      (await shownRows(ann)).map(({ text }) => text),
      ['Ann created this room', 'not sent yet'],
    );
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
    await ann.getByRole('link', { name: 'Find or create a room' }).click();
    const field = ann.getByRole('textbox', { name: 'Name of a room or board' });
    for (const name of ['é'.repeat(40), '..']) {
      await field.fill(name);
      await ann.getByText('Nothing can be called that').waitFor();
      await field.press('Enter');
      assert.equal(new URL(ann.url()).pathname, '/rooms');
    }
    await field.fill('##1');
    await field.press('Enter');
    await ann.getByRole('heading', { name: '#1' }).waitFor();
    await beThere(ann);
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
    // One column at a time: the rooms are a page of their own, and there is a way back.
    const rooms = ann.getByRole('navigation', { name: 'Rooms' });
    assert.equal(await rooms.isVisible(), false);
    await ann.getByRole('link', { name: 'All rooms' }).tap();
    await rooms.getByRole('link', { name: 'pocket' }).waitFor();
    await ann.getByRole('list', { name: 'Public rooms and boards' }).getByRole('link', { name: 'general' }).tap();
    await ann.getByRole('heading', { name: 'general' }).waitFor();
    const steps = await ann.evaluate(() => history.length);
    await ann.getByRole('link', { name: 'All rooms' }).tap();
    await rooms.getByRole('link', { name: 'pocket' }).waitFor();
    await ann.goBack();
    await ann.getByRole('heading', { name: 'pocket' }).waitFor();
    assert.equal(await ann.evaluate(() => history.length), steps);
  });
});
