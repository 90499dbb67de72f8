/** The page in a real browser, against real servers: what people see when they chat, and when the server dies under them. */
import assert from 'node:assert/strict';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import {
  beThere,
  buildPage,
  composer,
  endAll,
  hasBrowser,
  hear,
  PageServer,
  person,
  root,
  say,
  settled,
  shownRows,
  status,
  stranger,
} from './browser.ts';
import { unless } from './store-rig.ts';

/** Keeps every state that the banner has been in. */
async function recordStatus(page: Page): Promise<() => Promise<string[]>> {
  const history = await page.locator('[data-status]').evaluateHandle((banner: HTMLElement) => {
    const states = [banner.dataset['status'] ?? ''];
    new MutationObserver(() => {
      const state = banner.dataset['status'] ?? '';
      if (state !== states.at(-1)) states.push(state);
    }).observe(banner, { attributeFilter: ['data-status'] });
    return states;
  });
  return () => history.jsonValue();
}

function atEnd(page: Page): Promise<boolean> {
  return page.locator('.scroller').evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop < 2);
}

describe('page', unless(hasBrowser, 'there is no Chromium at /usr/bin/chromium'), () => {
  let server: PageServer;

  before(async () => {
    await buildPage();
    server = await PageServer.start();
  });
  after(endAll);

  it('lets two people chat', async () => {
    const ann = await person(server, 'Ann Lee', 'kitchen');
    await ann.getByText('Nobody has said anything in kitchen yet').waitFor();
    const bob = await person(server, 'Bøb', 'kitchen');
    await say(ann, 'Is there tea?');
    await hear(bob, 'Is there tea?');
    await composer(bob).fill('Two sorts:');
    await composer(bob).press('Shift+Enter');
    await composer(bob).pressSequentially('black, and https://example.org/green.');
    await composer(bob).press('Enter');
    await hear(ann, 'Two sorts:\nblack, and https://example.org/green.');
    await say(bob, 'Help yourself.');
    await hear(ann, 'Help yourself.');
    await settled(bob);
    for (const page of [ann, bob]) {
      assert.deepEqual(await page.locator('.row .who .name').allTextContents(), ['Ann Lee', 'Bøb']);
      const link = page.getByRole('link', { name: 'https://example.org/green', exact: true });
      assert.equal(await link.getAttribute('href'), 'https://example.org/green');
      assert.match((await link.getAttribute('rel')) ?? '', /noopener/);
      assert.equal(await page.locator('.row:not(.note)').count(), 3);
      assert.deepEqual(await page.locator('.row.note .text').allTextContents(), ['Ann Lee created this room', 'Bøb joined']);
    }
  });

  it('has a room for every address', async () => {
    const ann = await person(server, 'Ann');
    assert.equal(new URL(ann.url()).pathname, '/r/general');
    await ann.getByRole('link', { name: 'Find or create a room' }).click();
    const field = ann.getByRole('textbox', { name: 'Name of a room or board' });
    await field.fill('Café 7');
    await field.press('Enter');
    await ann.getByRole('heading', { name: 'Café 7' }).waitFor();
    await beThere(ann);
    assert.equal(new URL(ann.url()).pathname, '/r/Caf%C3%A9%207');
    await say(ann, 'un café');
    await hear(ann, 'un café');
    await ann.goBack();
    await ann.getByRole('heading', { name: 'Rooms and boards' }).waitFor();
    await ann.goBack();
    await ann.getByRole('heading', { name: 'general' }).waitFor();
    assert.equal(await ann.locator('.row[data-offset]').getByText('un café').count(), 0);
    await ann.goForward();
    await ann.goForward();
    await hear(ann, 'un café');
    await ann.goto(`${server.url}/nowhere`);
    await ann.getByRole('heading', { name: 'general' }).waitFor();
  });

  it('says what happens when the server is killed, and loses nothing of what both keep sending', async () => {
    const own = await PageServer.start();
    const [ann, bob] = await Promise.all([person(own, 'Ann', 'ops'), person(own, 'Bob', 'ops')]);
    const histories = await Promise.all([recordStatus(ann), recordStatus(bob)]);
    const parts = 3;
    const lines = 15;
    const said = (name: string, part: number, at: number): string => `${name} ${part}.${at}`;
    const talk = async (part: number): Promise<void> => {
      const all = async (page: Page, name: string): Promise<void> => {
        for (let at = 1; at <= lines; at++) await say(page, said(name, part, at));
      };
      await Promise.all([all(ann, 'ann'), all(bob, 'bob')]);
    };

    const first = talk(1);
    await Promise.all([hear(ann, said('bob', 1, 5)), hear(bob, said('ann', 1, 5))]);
    await own.kill();
    await Promise.all([status(ann, 'reconnecting'), status(bob, 'reconnecting'), first]);
    await talk(2);
    await ann
      .locator('.own')
      .getByText(said('ann', 2, lines), { exact: true })
      .waitFor();
    await ann.getByText(/your \d+ messages will be sent/).waitFor();
    await ann.getByRole('button', { name: 'try now' }).waitFor();
    await Promise.all([own.start(), talk(3)]);
    for (const page of [ann, bob]) {
      await status(page, 'live');
      for (const name of ['ann', 'bob']) await hear(page, said(name, parts, lines));
      await settled(page);
    }

    for (const history of histories) assert.deepEqual(await history(), ['live', 'reconnecting', 'catching-up', 'live']);
    const rows = await shownRows(ann);
    assert.deepEqual(await shownRows(bob), rows);
    assert.deepEqual(
      rows.map(({ offset }) => offset),
      rows.map((_, at) => at + 1),
    );
    for (const name of ['ann', 'bob']) {
      const expected = Array.from({ length: parts * lines }, (_, at) => said(name, 1 + Math.floor(at / lines), 1 + (at % lines)));
      assert.deepEqual(
        rows.map(({ text }) => text).filter((text) => text.startsWith(name)),
        expected,
      );
    }
  });

  it('shows what is imported while it comes', async () => {
    const own = await PageServer.start();
    const files = logs(own.folder);
    const ann = await person(own, 'Ann', 'ubuntu');
    const seen = await lastOffsets(ann);
    const importing = await own.run('import', 'irc', ...files, '--channel', 'room:ubuntu');
    const { code } = await importing.exited;
    assert.equal(code, 0, importing.stderr);

    const texts = files.flatMap((file) => readFileSync(file, 'utf8').trimEnd().split('\n'));
    // The first event is the room's beginning.
    await ann.locator(`.row[data-offset="${texts.length + 1}"]`).waitFor();
    const arrived = await seen();
    assert.ok(arrived.length >= 3, `the page has shown the ends ${arrived}`);
    assert.deepEqual(
      arrived,
      [...arrived].sort((a, b) => a - b),
    );
    const last = (await shownRows(ann)).at(-1)?.text ?? '';
    assert.ok(last !== '' && (texts.at(-1) ?? '').endsWith(last));
    await status(ann, 'live');
    assert.ok(await atEnd(ann));
    assert.ok((await ann.locator('.row[data-offset]').count()) <= 200);
  });

  it('stays where one reads, and counts what comes below', async () => {
    const [ann, bob] = await Promise.all([person(server, 'Ann', 'scroll'), person(server, 'Bob', 'scroll')]);
    for (let at = 1; at <= 60; at++) await say(bob, `line ${at}`);
    await hear(ann, 'line 60');
    assert.ok(await atEnd(ann));
    await ann.locator('.scroller').hover();
    await ann.mouse.wheel(0, -600);
    const pill = ann.locator('.pill');
    await pill.waitFor();
    await ann.waitForFunction(() => {
      const box = document.querySelector('.scroller');
      return box && box.scrollHeight - box.clientHeight - box.scrollTop >= 600;
    });
    const top = (): Promise<number> => ann.locator('.scroller').evaluate((box) => box.scrollTop);
    const before = await top();
    for (let at = 61; at <= 75; at++) await say(bob, `line ${at}`);
    await pill.getByText('15 new').waitFor();
    assert.equal(await top(), before);
    await pill.click();
    await hear(ann, 'line 75');
    await pill.waitFor({ state: 'detached' });
    assert.ok(await atEnd(ann));
  });

  it('keeps person, room and draft over a reload', async () => {
    const ann = await person(server, 'Ann', 'attic');
    await say(ann, 'before');
    await hear(ann, 'before');
    await settled(ann);
    await composer(ann).fill('half a thou');
    await ann.reload();
    await status(ann, 'live');
    await ann.getByRole('heading', { name: 'attic' }).waitFor();
    assert.equal(await composer(ann).inputValue(), 'half a thou');
    await composer(ann).pressSequentially('ght');
    await composer(ann).press('Enter');
    await hear(ann, 'half a thought');
    await settled(ann);
    // The same person: one group with what was said before.
    assert.deepEqual(await ann.locator('.row .who .name').allTextContents(), ['Ann']);
    assert.deepEqual(
      (await shownRows(ann)).map(({ text }) => text),
      ['Ann created this room', 'before', 'half a thought'],
    );
    await ann.reload();
    await hear(ann, 'half a thought');
    assert.equal(await composer(ann).inputValue(), '');
  });

  it('keeps what the server refuses, for another try or none', async () => {
    const ann = await stranger(server, 'attic');
    let refusing = true;
    // A server that refuses for good, as one does that has taken a right away.
    await ann.routeWebSocket(/\/v1\/ws$/, (page) => {
      const link = page.connectToServer();
      page.onMessage((text) => {
        const { cmd, req, events } = JSON.parse(String(text)) as { cmd: string; req: number; events?: unknown[] };
        if (cmd !== 'send' || !refusing) return link.send(text);
        const results = events?.map(() => ({ error: { code: 'forbidden', text: 'this room is closed' } }));
        return page.send(JSON.stringify({ res: req, epoch: 'x', results }));
      });
    });
    await ann.reload();
    await ann.getByLabel('Your name').fill('Ann');
    await ann.getByRole('button', { name: 'Come in' }).click();
    await status(ann, 'live');
    await say(ann, 'one');
    await say(ann, 'two');
    await ann.getByText('this room is closed').nth(1).waitFor();
    await ann.locator('.own', { hasText: 'one' }).getByRole('button', { name: 'discard' }).click();
    await ann.locator('.own', { hasText: 'one' }).waitFor({ state: 'detached' });
    refusing = false;
    await ann.locator('.own', { hasText: 'two' }).getByRole('button', { name: 'retry' }).click();
    await hear(ann, 'two');
    await settled(ann);
    assert.equal(await ann.getByText('one', { exact: true }).count(), 0);
  });
});

/** Begins to note the last offset on the page at every change; the answer tells those seen, each once. */
async function lastOffsets(page: Page): Promise<() => Promise<number[]>> {
  const noted = await page.evaluateHandle(() => {
    const seen: number[] = [];
    new MutationObserver(() => {
      const rows = document.querySelectorAll<HTMLElement>('.row[data-offset]');
      const last = Number(rows[rows.length - 1]?.dataset.offset ?? 0);
      if (last > 0 && last !== seen[seen.length - 1]) seen.push(last);
    }).observe(document.body, { subtree: true, childList: true });
    return seen;
  });
  return () => noted.jsonValue();
}

/** Real talk where it is at hand; else lines of the same shape. */
function logs(folder: string): string[] {
  const real = join(root, '../shared/data/irc');
  const found = existsSync(real) ? globSync('ubuntu-20*.txt', { cwd: real }).sort().slice(0, 5) : [];
  if (found.length > 0) return found.map((name) => join(real, name));
  const made = join(folder, 'logs');
  mkdirSync(made);
  return ['ubuntu-2004-12-25.txt', 'ubuntu-2005-06-16.txt'].map((name) => {
    const lines = Array.from({ length: 3_000 }, (_, at) => {
      const time = `[${String(Math.floor(at / 200)).padStart(2, '0')}:${String(Math.floor(at / 4) % 60).padStart(2, '0')}]`;
      return at % 17 === 0 ? `=== nick${at % 40} has joined #ubuntu` : `${time} <nick${at % 23}> line ${at} of ${basename(name)}`;
    });
    writeFileSync(join(made, name), `${lines.join('\n')}\n`);
    return join(made, name);
  });
}
