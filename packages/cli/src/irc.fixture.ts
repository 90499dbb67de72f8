/** Logs to test with: real ones where they lie beside the project, else made ones of the same shape. Nothing of the real ones is kept here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface Log {
  readonly name: string;
  readonly text: string;
}

export interface Logs {
  readonly logs: readonly Log[];
  /** What a test says about where they come from. */
  readonly origin: string;
}

const real = resolve(import.meta.dirname, '../../../../shared/data/irc');

/** All logs that there are. */
export function allLogs(): Logs {
  if (!existsSync(real)) return { logs: madeLogs(25, 1_370), origin: 'made logs: the real ones are not beside the project' };
  const names = readdirSync(real).filter((name) => name.endsWith('.txt'));
  return { logs: names.sort().map((name) => ({ name, text: readFileSync(join(real, name), 'utf8') })), origin: 'real logs' };
}

const words =
  'a anyone apt boot but can card config did do driver file for get grub has here how i in install is it just kernel know me my need network no not of on package please run so sudo that the then there this to try update wireless with work yes you ☃ über naïve 日本 👍'.split(
    ' ',
  );

/** Logs from a seed: both formats, talkative and silent people, bursts and nights, remarks, actions, links, empty lines. */
export function madeLogs(files: number, lines: number, seed = 1): Log[] {
  const random = mulberry32(seed);
  const pick = <Item>(from: readonly Item[]): Item => from[Math.floor(random() * from.length)] as Item;
  return Array.from({ length: files }, (_, file) => {
    const nicks = Array.from({ length: 40 }, (_, at) => `${pick(['bob', 'eve', 'Zoë', 'x|away', '[k]', 'o_O', 'n`'])}${at}`);
    const full = file % 4 === 3;
    const date = `20${String(10 + Math.floor(file / 2)).padStart(2, '0')}-03-0${1 + (file % 9)}`;
    // Late in the evening, so that some pass midnight.
    let second = (12 + Math.floor(random() * 11)) * 3_600;
    const text = Array.from({ length: lines }, () => {
      second += random() < 0.02 ? Math.floor(random() * 1_200) : Math.floor(random() * 20);
      const at = new Date(Date.parse(`${date}T00:00:00Z`) + second * 1_000).toISOString();
      // A few people say most of it.
      const who = nicks[Math.floor(nicks.length * random() ** 2.5)] ?? '';
      const said = Array.from({ length: Math.floor(random() ** 2 * 30) }, () => pick(words)).join(' ');
      const clock = full ? `[${at.slice(11, 19)}]` : `[${at.slice(11, 16)}]`;
      const stamp = full ? `made ${at.slice(0, 10)} ${clock}` : clock;
      const kind = random();
      if (kind < 0.15) return full ? `made ${at.slice(0, 10)} === ${who} has gone` : `=== ${who} has joined #made`;
      if (kind < 0.17) return `${stamp} ${full ? '' : ' '}* ${who} ${said}`;
      if (kind < 0.18) return `${stamp} -${who}- ${said}`;
      if (kind < 0.185) return `${stamp} <${who}>`;
      return `${stamp} <${who}> ${said}`;
    });
    const name = full ? `made${file}.0.txt` : `made-${date}.part-${file}.txt`;
    return { name, text: `${text.join('\n')}\n` };
  });
}

/** T. Ettinger, mulberry32: 32 bits of state, enough for test data. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
