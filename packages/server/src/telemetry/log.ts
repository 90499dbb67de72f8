import { type DestinationStream, type LevelWithSilent, pino } from 'pino';

export interface Log {
  /** One line for each link that has ended: whose it was, how long it stood, and why. */
  linkEnded(end: object & { readonly code?: string }): void;
}

/** Ends that are nobody's fault and need nobody's attention. */
const usual = new Set(['closing', 'draining']);

/** The log on stderr: a line of JSON each, or of words where a person reads along. No token and no text of anybody is ever in it. */
export function openLog(level: LevelWithSilent, stream: NodeJS.WriteStream = process.stderr): Log {
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream.isTTY ? words(stream) : stream);
  return {
    linkEnded: (end) => {
      const isOurs = end.code !== undefined && !usual.has(end.code);
      log[isOurs ? 'warn' : 'info'](end, 'link ended');
    },
  };
}

/** The same for people: when, what, and what is so of it. */
function words(stream: NodeJS.WriteStream): DestinationStream {
  return {
    write: (line) => {
      const { time, msg, level: _, ...rest } = JSON.parse(line) as Record<string, unknown>;
      const more = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
      stream.write(`hubbub: ${String(time).slice(11, 19)} ${[msg, ...more].join(' ')}\n`);
    },
  };
}
