/** Rooms on the page: what is unread, who types, who is here, how rooms are made, found, joined and left, and who owns the server. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect, HubbubError } from '@hubbub/client';
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

function rooms(page: Page) {
  return page.getByRole('navigation', { name: 'Rooms' });
}

/** Waits until the column of rooms says that so much is unread there; 0: nothing. */
async function unread(page: Page, room: string, count: number): Promise<void> {
  const entry = rooms(page).locator(`a[href="/r/${room}"]`);
  await entry.and(page.locator(count === 0 ? ':not([data-unread])' : `[data-unread="${count}"]`)).waitFor();
}

function people(page: Page) {
  return page.getByRole('complementary', { name: 'People' });
}

describe('rooms on the page', unless(hasBrowser, 'there is no Chromium at /usr/bin/chromium'), () => {
  let server: PageServer;

  before(async () => {
    await buildPage();
    server = await PageServer.start();
  });
  after(endAll);

  it('counts what is said elsewhere until it is read, over a reload too', async () => {
    const ann = await person(server, 'Ann', 'kitchen');
    const bob = await person(server, 'Bob', 'kitchen');
    await say(bob, 'before');
    await hear(ann, 'before');
    await ann.goto(`${server.url}/r/general`);
    await beThere(ann);
    await unread(ann, 'kitchen', 0);
    await say(bob, 'one');
    await say(bob, 'two');
    await unread(ann, 'kitchen', 2);
    await ann.reload();
    await unread(ann, 'kitchen', 2);
    await composer(ann).press('Alt+ArrowDown');
    await ann.getByRole('heading', { name: 'kitchen' }).waitFor();
    await hear(ann, 'two');
    await unread(ann, 'kitchen', 0);
    await ann.goBack();
    await ann.getByRole('heading', { name: 'general' }).waitFor();
    // What is told about the room is not counted.
    await bob.getByRole('button', { name: 'Room menu' }).click();
    await bob.getByRole('button', { name: 'Leave' }).click();
    await bob.getByText('Bob left').waitFor();
    await say(bob, 'three');
    await unread(ann, 'kitchen', 1);
  });

  it('says who is typing, to the others, until the message comes or nothing does', async () => {
    const [ann, bob] = await Promise.all([person(server, 'Ann', 'desk'), person(server, 'Bob', 'desk')]);
    const typing = ann.getByText('Bob is typing');
    await composer(bob).pressSequentially('Well');
    await typing.waitFor();
    assert.equal(await bob.getByText('is typing').count(), 0);
    await composer(bob).press('Enter');
    await hear(ann, 'Well');
    // With the message, and not only when nothing has been heard for five seconds.
    await typing.waitFor({ state: 'detached', timeout: 2_500 });
    await composer(bob).pressSequentially('no, leave it');
    await typing.waitFor();
    await typing.waitFor({ state: 'detached' });
    assert.equal(await ann.locator('.row[data-offset]').getByText('leave it').count(), 0);
  });

  it('shows who is here, and when one has gone; hollow while nobody can know', async () => {
    const own = await PageServer.start();
    const ann = await person(own, 'Ann', 'hall');
    const bob = await person(own, 'Bob', 'hall');
    for (const page of [ann, bob]) {
      await people(page).getByText('Bob').waitFor();
      assert.deepEqual(await people(page).locator('li .name').allTextContents(), ['Ann', 'Bob']);
      await page.getByRole('button', { name: 'Who is here: 2' }).waitFor();
    }
    await bob.close();
    await people(ann).getByText('Bob').waitFor({ state: 'detached' });
    await ann.getByRole('button', { name: 'Who is here: 1' }).waitFor();
    assert.equal(await people(ann).getAttribute('data-hollow'), 'false');
    await own.kill();
    await people(ann).and(ann.locator('[data-hollow=true]')).waitFor();
    assert.match((await people(ann).getAttribute('title')) ?? '', /link is lost/);
    await own.start();
    await people(ann).and(ann.locator('[data-hollow=false]')).waitFor();
    await people(ann).getByText('Ann').waitFor();
  });

  it('sorts no list anew for what is said: that is for who comes, and for what the inbox tells', async (t) => {
    const bob = await person(server, 'Bob', 'hub');
    const ann = await person(server, 'Ann', 'hub');
    for (const room of ['general', 'hub']) {
      await ann.goto(`${server.url}/r/${room}`);
      await beThere(ann);
      const join = ann.getByRole('button', { name: 'Join' });
      const joined = ann.getByRole('button', { name: 'Room menu' });
      await join.or(joined).waitFor();
      if (await join.isVisible()) await join.click();
      await joined.waitFor();
    }
    await say(bob, 'before');
    await hear(ann, 'before');
    await people(ann).getByText('Bob').waitFor();
    const compared = await ann.evaluateHandle(() => {
      const texts: string[] = [];
      const { localeCompare } = String.prototype;
      String.prototype.localeCompare = function (this: string, that: string) {
        texts.push(`${this}`);
        return localeCompare.call(this, that);
      };
      const get = Object.getOwnPropertyDescriptor(Intl.Collator.prototype, 'compare')?.get;
      Object.defineProperty(Intl.Collator.prototype, 'compare', {
        get(this: Intl.Collator) {
          return (one: string, other: string): number => {
            texts.push(one);
            return (get?.call(this) as Intl.Collator['compare'] | undefined)?.(one, other) ?? 0;
          };
        },
      });
      return texts;
    });
    const began = performance.now();
    for (let number = 1; number <= 30; number++) {
      await say(bob, `line ${number}`);
      await hear(ann, `line ${number}`);
    }
    const pushes = (performance.now() - began) / 1_000 + 2;
    const texts = await compared.jsonValue();
    const ofRooms = texts.filter((text) => text === 'general' || text === 'hub').length;
    t.diagnostic(`30 lines: ${texts.length - ofRooms} names and ${ofRooms} titles compared, ${Math.floor(pushes)} inbox pushes at most`);
    assert.equal(texts.length - ofRooms, 0);
    assert.ok(ofRooms <= pushes, `${ofRooms} comparisons, ${pushes} pushes`);
  });

  it('makes rooms, finds them, joins and leaves them, and says what they are about', async () => {
    const [ann, bob] = await Promise.all([person(server, 'Ann'), person(server, 'Bob')]);
    await rooms(ann).getByRole('link', { name: 'Find or create' }).click();
    await ann.getByLabel('Name of a room or board').fill('Book club');
    const asked = await ann.evaluateHandle(() => {
      const seen: string[] = [];
      const look = (): void => {
        for (const { textContent } of document.querySelectorAll('header button')) if (textContent === 'Join') seen.push(location.pathname);
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true });
      return seen;
    });
    await ann.getByRole('button', { name: 'Create the room Book club' }).click();
    await ann.getByText('Ann created this room').waitFor();
    await ann.getByText('Nobody has said anything in Book club yet').waitFor();
    await ann.getByRole('button', { name: 'Room menu' }).click();
    await ann.getByLabel('What it is about').fill('One a month');
    await ann.getByRole('button', { name: 'Set', exact: true }).click();
    await ann.locator('header .topic').getByText('One a month').waitFor();
    // Whoever makes it is in it: she was not asked to join before she was told so.
    assert.deepEqual(await asked.jsonValue(), []);

    await rooms(bob).getByRole('link', { name: 'Find or create' }).click();
    const found = bob.getByRole('list', { name: 'Public rooms and boards' });
    await bob.getByLabel('Name of a room or board').fill('book');
    await found.getByRole('link', { name: 'Book club 0 messages' }).click();
    await bob.locator('header .topic').getByText('One a month').waitFor();
    await bob.getByRole('button', { name: 'Join' }).click();
    await ann.getByText('Bob joined').waitFor();
    await bob.goto(`${server.url}/r/general`);
    await rooms(bob).getByRole('link', { name: 'Book club' }).click();
    await bob.getByRole('button', { name: 'Room menu' }).click();
    await bob.getByRole('button', { name: 'Leave' }).click();
    await ann.getByText('Bob left').waitFor();
    await bob.getByRole('button', { name: 'Join' }).waitFor();
    await bob.goto(`${server.url}/r/general`);
    await rooms(bob).getByRole('link', { name: 'Book club' }).waitFor({ state: 'detached' });
    assert.deepEqual(
      (await shownRows(ann)).map(({ text }) => text),
      ['Ann created this room', 'Ann set the topic: One a month', 'Bob joined', 'Bob left'],
    );
  });

  it('offers to make a room that is not there; of two who do one is faster, and both are in it', async () => {
    const pages = await Promise.all(['Ann', 'Bob'].map((name) => person(server, name)));
    const twice = pages.map(async (page) => {
      await page.goto(`${server.url}/r/attic`);
      await page.getByText('There is no room called attic yet').waitFor();
    });
    await Promise.all(twice);
    for (const page of pages) {
      await page.getByRole('button', { name: 'Create attic' }).click();
      await composer(page).waitFor();
    }
    const [ann, bob] = pages as [Page, Page];
    await say(bob, 'Anybody up here?');
    await hear(ann, 'Anybody up here?');
    await settled(bob);
    assert.deepEqual(
      (await shownRows(ann)).map(({ text }) => text),
      ['Ann created this room', 'Bob joined', 'Anybody up here?'],
    );
  });

  it('makes whoever opens the link of the first start the owner, once, and keeps its code nowhere', async () => {
    const own = await PageServer.start();
    const link = new URL(await own.ownerLink());
    const code = link.hash.slice('#own='.length);
    assert.equal(code.length, 26);
    // An address that needs no other change.
    const ann = await stranger(own, `/r/general${link.hash}`);
    assert.equal(ann.url(), `${own.url}/r/general`);
    const seen: string[] = [];
    const shown: string[] = [];
    ann.on('request', (request) => seen.push(request.url()));
    ann.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => {
        const { cmd, ...hello } = JSON.parse(String(payload)) as { cmd: string };
        if (cmd === 'hello') shown.push('token' in hello ? 'token' : 'name');
      });
    });
    await comeIn(ann, 'Ann');
    await ann.getByText('You own this server now').waitFor();
    await status(ann, 'live');
    // The rights of an owner count from the next sign-in on: she has signed in again by then.
    assert.deepEqual(shown, ['name', 'token']);
    const kept = await ann.evaluate(() =>
      JSON.stringify({ ...localStorage, ...sessionStorage, address: location.href, state: history.state }),
    );
    assert.ok(kept.includes('hubbub:token') && ![kept, ...seen].some((text) => text.includes(code)));
    await ann.reload();
    await status(ann, 'live');
    assert.equal(await ann.getByText('You own this server now').count(), 0);

    const bob = await stranger(own, `/${link.hash}`);
    await comeIn(bob, 'Bob');
    await bob.getByText('That link was used already').waitFor();
    const token = (page: Page) => page.evaluate(() => localStorage.getItem('hubbub:token') ?? '');
    const mayCheck = async (page: Page): Promise<string> => {
      const client = connect({ url: own.url, credentials: { token: await token(page) } });
      try {
        await client.admin.check({ onProblem: () => {} });
        return 'ok';
      } catch (error) {
        return error instanceof HubbubError ? error.code : String(error);
      } finally {
        client.close();
      }
    };
    assert.deepEqual(await Promise.all([ann, bob].map(mayCheck)), ['ok', 'forbidden']);
  });
});
