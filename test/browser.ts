/** What the tests of the page share: the built page, a server that can be killed and started again, one browser, and an end of all of it. */
import { existsSync, globSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Process } from '@hubbub/rig/process';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

export const root = resolve(import.meta.dirname, '..');
const executable = '/usr/bin/chromium';
const cli = join(root, 'packages/cli/src/main.ts');

/** Whether there is a browser at all. */
export const hasBrowser = existsSync(executable);

const ends: (() => Promise<unknown> | undefined)[] = [];
let browser: Promise<Browser> | undefined;

/** Ends, in the opposite order, whatever was started here. */
export async function endAll(): Promise<void> {
  const errors: unknown[] = [];
  // Whatever cannot be ended, the rest is.
  for (const end of ends.splice(0).reverse()) await Promise.try(end).catch((error: unknown) => errors.push(error));
  browser = undefined;
  if (errors.length > 0) throw errors[0];
}

/** Builds the page, unless what is built is newer than all that it is made of. */
export async function buildPage(): Promise<void> {
  const built = join(root, 'packages/web/dist/index.html');
  const sources = globSync(['packages/{web,client,protocol}/{src/**/*,*}', 'package-lock.json'], {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path) || path.endsWith('.test.ts'),
  });
  const times = sources.map((path) => statSync(join(root, path))).flatMap((stat) => (stat.isFile() ? stat.mtimeMs : []));
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...times)) return;
  const args = [join(root, 'node_modules/vite/bin/vite.js'), 'build', 'packages/web', '--logLevel', 'warn'];
  const vite = await Process.start({ command: process.execPath, args, cwd: root });
  const { code } = await vite.exited;
  if (code !== 0) throw new Error(`the page cannot be built:\n${vite.stdout}${vite.stderr}`);
}

/** A server on a folder of its own. Killed and started again, it has the same folder and the same port. */
export class PageServer {
  readonly folder: string;
  #process: Process | undefined;
  #port = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `words`: what else the server is told. */
  static async start(...words: string[]): Promise<PageServer> {
    const server = new PageServer(mkdtempSync(join(tmpdir(), 'hubbub-page-')));
    ends.push(async () => {
      await server.kill();
      rmSync(server.folder, { recursive: true, force: true });
    });
    await server.start(...words);
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The link that makes whoever opens it the owner, as the server has printed it. */
  async ownerLink(): Promise<string> {
    const link = /once: (http\S+)/;
    await this.#process?.until(() => link.test(this.#process?.stderr ?? ''));
    return link.exec(this.#process?.stderr ?? '')?.[1] ?? '';
  }

  async start(...words: string[]): Promise<void> {
    const args = [cli, 'serve', '--port', `${this.#port}`, '--data', this.folder, ...words];
    this.#process = await Process.start({ command: process.execPath, args, cwd: root, ready: /^hubbub listening on .*:\d+$/m });
    this.#port = Number(this.#process.match(/^hubbub listening on .*:(\d+)$/m)[1]);
  }

  async kill(): Promise<void> {
    await this.#process?.kill('SIGKILL');
  }

  /** Runs another command on the server's folder; it is ended with the server at the latest. */
  async run(...words: string[]): Promise<Process> {
    const child = await Process.start({ command: process.execPath, args: [cli, ...words, '--data', this.folder], cwd: root });
    ends.push(() => child.kill());
    return child;
  }
}

async function theBrowser(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: executable,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-dev-shm-usage', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
  const launched = await browser;
  if (ends.every((end) => end !== endBrowser)) ends.push(endBrowser);
  return launched;
}

async function endBrowser(): Promise<void> {
  await (await browser)?.close();
}

export type ContextOptions = NonNullable<Parameters<Browser['newContext']>[0]>;

/** A person with a browser profile of his own, signed in and in a room that is live; whoever comes first makes it. */
export async function person(server: Pick<PageServer, 'url'>, name: string, room = 'general', options: ContextOptions = {}): Promise<Page> {
  const page = await stranger(server, room, options);
  await comeIn(page, name);
  await beThere(page);
  return page;
}

export async function comeIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Come in' }).click();
}

/** Waits until what is open is live. Where there is no such room, or board, it is made. */
export async function beThere(page: Page): Promise<void> {
  const there = page.locator('main[data-channel=live]');
  const absent = page.locator('main[data-channel=gone]');
  await there.or(absent).waitFor();
  if (await absent.isVisible()) await page.getByRole('button', { name: /^Create / }).click();
  await there.waitFor();
  await status(page, 'live');
}

/** A page that nobody has signed in to, in a room, or (`/…`) elsewhere. What it throws fails the test that closes it. */
export async function stranger(server: Pick<PageServer, 'url'>, room = 'general', options: ContextOptions = {}): Promise<Page> {
  const context: BrowserContext = await (await theBrowser()).newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const errors: Error[] = [];
  page.on('pageerror', (error) => errors.push(error));
  ends.push(async () => {
    await context.close();
    if (errors.length > 0) throw new AggregateError(errors, `the page threw: ${errors[0]?.message}`);
  });
  await page.goto(`${server.url}${room.startsWith('/') ? room : `/r/${room}`}`);
  return page;
}

export function composer(page: Page) {
  return page.getByRole('textbox', { name: /^Message to/ });
}

export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

/** Waits until the page says that this is how its link stands. */
export function status(page: Page, state: string): Promise<void> {
  return page.locator(`[data-status=${state}]`).waitFor({ state: 'attached' });
}

/** Waits until a row on the page says this. */
export function hear(page: Page, text: string): Promise<void> {
  return page.locator('.row[data-offset] .text').getByText(text, { exact: true }).waitFor();
}

/** Waits until nothing of ours is still on its way. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelectorAll('.own').length === 0);
}

export interface ShownRow {
  readonly offset: number;
  readonly text: string;
}

/** The rows that are on the page. */
export function shownRows(page: Page): Promise<ShownRow[]> {
  return page.locator('.row[data-offset]').evaluateAll((rows) =>
    rows.map((row) => ({
      offset: Number((row as HTMLElement).dataset['offset']),
      text: row.querySelector('.text')?.textContent ?? '',
    })),
  );
}
