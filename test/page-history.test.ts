/** Thirty thousand lines on the page: one scrolls back through all of them, while people go on talking and the server is killed once. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseIrc } from '@hubbub/cli/irc';
import { allLogs } from '@hubbub/cli/irc.fixture';
import { connect } from '@hubbub/client';
import type { Page } from 'playwright-core';
import { beThere, buildPage, composer, endAll, hasBrowser, PageServer, person, shownRows, status } from './browser.ts';
import { adminToken } from './server-rig.ts';
import { unless } from './store-rig.ts';

const lines = 30_000;
const room = 'long';
const most = 200;

/** Fills the room past the page, in commands of 64. */
async function fill(server: PageServer): Promise<void> {
  const client = connect({ url: server.url, credentials: { token: adminToken({ data: server.folder }) } });
  const sent: Promise<unknown>[] = [];
  for (let at = 1; at <= lines; at++) {
    sent.push(
      client.send(`room:${room}`, {
        kind: 'message',
        body: { text: `line ${at}${at % 7 === 0 ? ` ${'and more '.repeat(at % 40)}` : ''}` },
      }),
    );
    if (sent.length >= 2_048) await Promise.all(sent.splice(0));
  }
  await Promise.all(sent);
  client.close();
}

interface Walk {
  /** Every offset that was on the page, and how often it came onto it. */
  readonly seen: readonly (readonly [offset: number, times: number])[];
  readonly mostRows: number;
  /** The text of each, as it was shown. */
  readonly texts: readonly (readonly [offset: number, text: string])[];
  /** Rows always stood in the order of the log. */
  readonly inOrder: boolean;
  /** Pixels by which what was read moved under the reader, at most. */
  readonly moved: number;
  readonly reached: boolean;
}

/** Scrolls by less than a screen at a time, until the end in that direction; notes every row that has been on the page, and that none jumps. */
function walk(page: Page, direction: 'up' | 'down', target: number): Promise<Walk> {
  return page.evaluate(
    async ([direction, target]) => {
      const scroller = document.querySelector('.scroller') as HTMLElement;
      const seen = new Map<number, number>();
      const texts = new Map<number, string>();
      let inOrder = true;
      let shown = new Set<number>();
      let mostRows = 0;
      let moved = 0;
      const look = (): void => {
        const now = new Set<number>();
        const rows = document.querySelectorAll<HTMLElement>('.row[data-offset]');
        mostRows = Math.max(mostRows, rows.length);
        let before = 0;
        for (const row of rows) {
          const offset = Number(row.dataset['offset']);
          if (offset <= before) inOrder = false;
          before = offset;
          if (!texts.has(offset)) texts.set(offset, row.querySelector('.text')?.textContent ?? '');
          if (now.has(offset)) seen.set(offset, 1_000);
          now.add(offset);
          if (!shown.has(offset)) seen.set(offset, (seen.get(offset) ?? 0) + 1);
        }
        shown = now;
      };
      const frame = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => resolve()));
      /** The row in the middle of what is read. */
      const middle = (): HTMLElement | undefined => {
        const { top, height } = scroller.getBoundingClientRect();
        return [...document.querySelectorAll<HTMLElement>('.row[data-offset]')].find(
          (row) => row.getBoundingClientRect().bottom > top + height / 2,
        );
      };
      new MutationObserver(look).observe(scroller, { subtree: true, childList: true });
      look();
      let still = 0;
      for (let step = 0; step < 20_000 && !shown.has(target) && still < 600; step++) {
        const row = middle();
        const at = row?.getBoundingClientRect().top ?? 0;
        const from = scroller.scrollTop;
        scroller.scrollTop += direction === 'up' ? -400 : 400;
        const by = scroller.scrollTop - from;
        await frame();
        if (row?.isConnected) moved = Math.max(moved, Math.abs(row.getBoundingClientRect().top - (at - by)));
        still = by === 0 ? still + 1 : 0;
      }
      look();
      return { seen: [...seen], texts: [...texts], inOrder, mostRows, moved, reached: shown.has(target) };
    },
    [direction, target] as const,
  );
}

function assertAll({ seen, inOrder, mostRows, moved, reached }: Walk, from: number, to: number): void {
  assert.ok(inOrder, 'in the order of the log');
  assert.ok(reached, 'the end was reached');
  const times = new Map(seen);
  for (let offset = from; offset <= to; offset++)
    assert.equal(times.get(offset), 1, `line ${offset} was on the page ${times.get(offset)} times`);
  assert.ok(mostRows <= most, `${mostRows} rows`);
  assert.ok(moved <= 1.5, `what was read moved by ${moved} pixels`);
}

describe('page, far back', unless(hasBrowser, 'there is no Chromium at /usr/bin/chromium'), () => {
  before(buildPage);
  after(endAll);

  it('goes back through 30,000 lines to the first, each once and in order, with 200 rows at most, and down again', async () => {
    const server = await PageServer.start();
    await fill(server);
    const page = await person(server, 'Ann', room);
    await page.locator('.row[data-offset="30000"]').waitFor();
    await page.locator('.scroller').hover();
    await page.mouse.wheel(0, -300);
    await page.locator('.pill').waitFor();
    const up = await walk(page, 'up', 1);
    const start = Math.max(...up.seen.map(([offset]) => offset));
    assertAll(up, 1, start);
    assert.ok(start >= 29_900);
    await page.getByText(`This is where ${room} begins.`).waitFor();
    const rows = await shownRows(page);
    assert.deepEqual(
      rows.map(({ offset }) => offset),
      Array.from({ length: rows.length }, (_, at) => at + 1),
    );
    assert.ok(rows.every(({ offset, text }) => text.startsWith(`line ${offset}`)));

    assertAll(await walk(page, 'down', 3_000), 201, 3_000);
    await page.locator('.pill').click();
    await page.locator('.row[data-offset="30000"]').waitFor();
  });

  it('on real talk: reads back all of it while others talk in several rooms, and over a kill of the server', async (t) => {
    const server = await PageServer.start();
    const { logs, origin } = allLogs();
    const files = logs.map(({ name, text }) => {
      const path = join(server.folder, name);
      writeFileSync(path, text);
      return path;
    });
    const lines = logs.flatMap(({ name, text }) => parseIrc(text, name, `room:${room}`));
    t.diagnostic(`${origin}: ${lines.length} lines`);
    const imported = await server.run('import', 'irc', ...files, '--channel', `room:${room}`);
    assert.equal((await imported.exited).code, 0, imported.stderr);

    // Elsewhere people talk on, in rooms that Ann is in, faster than anybody did.
    const others = ['attic', 'cellar'];
    const ann = await person(server, 'Ann');
    for (const other of others) {
      await ann.goto(`${server.url}/r/${other}`);
      // Whoever makes a room is in it.
      await beThere(ann);
    }
    await ann.goto(`${server.url}/r/${room}`);
    await beThere(ann);
    const bob = await person(server, 'Bob', room);
    for (const [at, other] of others.entries()) {
      const [file = ''] = files.slice(at);
      // By its address, so that it waits for the server that is killed.
      await server.run('import', 'irc', file, '--channel', `room:${other}`, '--speed', '20000', '--url', server.url);
    }
    await ann.getByText('Bob', { exact: true }).waitFor();
    await ann.locator(`.row[data-offset="${lines.length}"]`).waitFor();
    await ann.locator('.scroller').hover();
    await ann.mouse.wheel(0, -300);
    await ann.locator('.pill').waitFor();

    const middle = Math.floor(lines.length / 2);
    const first = await walk(ann, 'up', middle);
    await composer(bob).pressSequentially('where have you');
    await ann.getByText('Bob is typing').waitFor();
    await server.kill();
    await status(ann, 'reconnecting');
    const waiting = walk(ann, 'up', middle - 500);
    await server.start();
    const second = await waiting;
    await status(ann, 'live');
    const third = await walk(ann, 'up', 1);
    assertAll(first, middle, Math.max(...first.seen.map(([offset]) => offset)));
    assertAll(second, middle - 500, Math.min(...first.seen.map(([offset]) => offset)) - 1);
    assertAll(third, 1, Math.min(...second.seen.map(([offset]) => offset)) - 1);

    const shown = new Map([first, second, third].flatMap(({ texts }) => texts));
    const last = Math.max(...first.seen.map(([offset]) => offset));
    assert.ok(last > lines.length - 100);
    lines.slice(0, last).forEach(({ kind, body: { text } }, at) => {
      const row = shown.get(at + 1) ?? '';
      // What somebody does begins with his name.
      assert.ok(kind === 'action' ? row.endsWith(text) : row === text, `line ${at + 1} is shown as ${row}`);
    });
    for (const other of others) {
      const badge = ann.getByRole('navigation', { name: 'Rooms' }).locator(`a[href="/r/${other}"][data-unread]`);
      await badge.waitFor();
      t.diagnostic(`${other}: ${await badge.getAttribute('data-unread')} unread`);
    }
  });
});
