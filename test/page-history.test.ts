/** Thirty thousand lines on the page: one scrolls back through all of them, while people go on talking and the server is killed once. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect } from '@hubbub/client';
import type { Page } from 'playwright-core';
import { buildPage, endAll, hasBrowser, PageServer, person, shownRows, status } from './browser.ts';
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
      let shown = new Set<number>();
      let mostRows = 0;
      let moved = 0;
      const look = (): void => {
        const now = new Set<number>();
        const rows = document.querySelectorAll<HTMLElement>('.row[data-offset]');
        mostRows = Math.max(mostRows, rows.length);
        for (const row of rows) {
          const offset = Number(row.dataset['offset']);
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
      return { seen: [...seen], mostRows, moved, reached: shown.has(target) };
    },
    [direction, target] as const,
  );
}

function assertAll({ seen, mostRows, moved, reached }: Walk, from: number, to: number): void {
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

  it('goes on reading back after the server was killed and started again', async () => {
    const server = await PageServer.start();
    await fill(server);
    const page = await person(server, 'Ann', room);
    await page.locator('.scroller').hover();
    await page.mouse.wheel(0, -300);
    await page.locator('.pill').waitFor();
    const first = await walk(page, 'up', 28_000);
    await server.kill();
    await status(page, 'reconnecting');
    const waiting = walk(page, 'up', 26_500);
    await server.start();
    const second = await waiting;
    await status(page, 'live');
    assertAll(second, 26_500, Math.min(...first.seen.map(([offset]) => offset)) - 1);
  });
});
