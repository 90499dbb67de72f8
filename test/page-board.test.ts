/** Boards on the page: two people draw together, and the server is killed under them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { beThere, buildPage, comeIn, endAll, hasBrowser, PageServer, status, stranger } from './browser.ts';
import { unless } from './store-rig.ts';

type Point = readonly [x: number, y: number];

/** Somebody at a board; whoever comes first makes it. */
async function painter(server: PageServer, name: string, board: string): Promise<Page> {
  const page = await stranger(server, `/b/${board}`);
  await comeIn(page, name);
  await beThere(page);
  return page;
}

/** Puts the pen down and moves it from place to place, in parts of the paper; `up: false` leaves it there. */
async function draw(page: Page, points: readonly Point[], { up = true } = {}): Promise<void> {
  const box = await page.locator('canvas.loose').boundingBox();
  const [first, ...rest] = points;
  assert.ok(box && first);
  const move = ([x, y]: Point, steps = 1): Promise<void> => page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps });
  await move(first);
  await page.mouse.down();
  for (const point of rest) await move(point, 8);
  if (up) await page.mouse.up();
}

async function pick(page: Page, name: string): Promise<void> {
  await page.getByRole('radio', { name }).check({ force: true });
}

/** Waits until so many strokes of the log are on the paper, and nothing of ours waits. */
async function drawn(page: Page, strokes: number): Promise<void> {
  await page.locator(`.board[data-pending="0"] canvas.log[data-strokes="${strokes}"]`).waitFor();
}

/** Every pixel of what the log has drawn. */
function picture(page: Page): Promise<string> {
  return page.locator('canvas.log').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
}

/** The colour at a place of one of the canvases; undefined where nothing is drawn. */
async function inked(page: Page, layer: 'log' | 'loose', [x, y]: Point): Promise<string | undefined> {
  const [red = 0, green = 0, blue = 0, alpha = 0] = await page.locator(`canvas.${layer}`).evaluate(
    (canvas: HTMLCanvasElement, [x, y]) => {
      const context = canvas.getContext('2d');
      return [...(context?.getImageData(Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1).data ?? [])];
    },
    [x, y] as const,
  );
  if (alpha === 0) return undefined;
  return red > green && red > blue ? 'red' : blue > red && blue > green ? 'blue' : 'other';
}

async function until(condition: () => Promise<boolean>, page: Page): Promise<void> {
  while (!(await condition())) await page.evaluate(() => new Promise(requestAnimationFrame));
}

describe('boards on the page', unless(hasBrowser, 'there is no Chromium at /usr/bin/chromium'), () => {
  let server: PageServer;

  before(async () => {
    await buildPage();
    server = await PageServer.start();
  });
  after(endAll);

  it('shows two people the same drawing, over a kill of the server in the middle', { timeout: 60_000 }, async () => {
    const own = await PageServer.start();
    const ann = await painter(own, 'Ann', 'sketch');
    const bob = await painter(own, 'Bob', 'sketch');
    await pick(ann, 'red');
    await pick(ann, 'brush');
    await draw(ann, [
      [0.1, 0.2],
      [0.5, 0.2],
      [0.9, 0.25],
    ]);
    await pick(bob, 'blue');
    await pick(bob, 'brush');
    await draw(bob, [
      [0.5, 0.05],
      [0.5, 0.9],
    ]);
    await Promise.all([drawn(ann, 2), drawn(bob, 2)]);

    await own.kill();
    await Promise.all([status(ann, 'reconnecting'), status(bob, 'reconnecting')]);
    await draw(ann, [
      [0.1, 0.6],
      [0.3, 0.6],
    ]);
    await draw(bob, [
      [0.7, 0.7],
      [0.9, 0.7],
    ]);
    await ann.getByText('your stroke will be sent').waitFor();
    assert.equal(await inked(ann, 'loose', [0.2, 0.6]), 'red');
    assert.equal(await inked(ann, 'log', [0.2, 0.6]), undefined);
    await own.start();
    await Promise.all([status(ann, 'live'), status(bob, 'live'), drawn(ann, 4), drawn(bob, 4)]);

    const places: readonly Point[] = [
      [0.3, 0.2],
      [0.5, 0.5],
      [0.2, 0.6],
      [0.8, 0.7],
      [0.9, 0.9],
    ];
    for (const page of [ann, bob]) {
      assert.deepEqual(await Promise.all(places.map((place) => inked(page, 'log', place))), ['red', 'blue', 'red', 'blue', undefined]);
    }
    const picture1 = await picture(ann);
    assert.equal(await picture(bob), picture1);
    // Whoever comes later sees the same, from the log alone.
    await bob.reload();
    await drawn(bob, 4);
    assert.equal(await picture(bob), picture1);
  });

  it('shows what is being drawn, and whose pen it is, before the pen is lifted', { timeout: 60_000 }, async () => {
    const ann = await painter(server, 'Ann', 'live');
    const bob = await painter(server, 'Bob', 'live');
    await bob.getByText('Nothing is drawn here yet').waitFor();
    await pick(ann, 'red');
    await pick(ann, 'brush');
    const line: readonly Point[] = [
      [0.2, 0.4],
      [0.8, 0.4],
    ];
    await draw(ann, line, { up: false });
    const pen = bob.locator('.pen').getByText('Ann');
    await pen.waitFor();
    await until(async () => (await inked(bob, 'loose', [0.7, 0.4])) === 'red', bob);
    assert.equal(await inked(ann, 'loose', [0.7, 0.4]), 'red');
    assert.equal(await bob.locator('canvas.log').getAttribute('data-strokes'), '0');
    await ann.mouse.up();
    await Promise.all([drawn(ann, 1), drawn(bob, 1)]);
    // What the log has is drawn once.
    await bob.evaluate(() => new Promise(requestAnimationFrame));
    assert.equal(await inked(bob, 'loose', [0.7, 0.4]), undefined);
    assert.equal(await ann.locator('.pen').count(), 0);
    await pen.waitFor({ state: 'detached' });
    // She has drawn, so it is one of hers.
    await ann.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: 'live' }).waitFor();
  });

  it('loads what draws only when a board is opened', async () => {
    const ann = await stranger(server);
    const loaded: string[] = [];
    ann.on('response', (response) => loaded.push(new URL(response.url()).pathname));
    await comeIn(ann, 'Ann');
    await beThere(ann);
    await ann.getByRole('link', { name: 'Find or create' }).click();
    await ann.getByLabel('Name of a room or board').fill('plans');
    assert.deepEqual(
      loaded.filter((path) => path.includes('board')),
      [],
    );
    await ann.getByRole('button', { name: 'Create the board plans' }).click();
    await beThere(ann);
    assert.ok(loaded.some((path) => /^\/assets\/board-.*\.js$/.test(path)));
    assert.equal(new URL(ann.url()).pathname, '/b/plans');
  });
});
