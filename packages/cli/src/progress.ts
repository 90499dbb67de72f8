import { Presets, SingleBar } from 'cli-progress';

/** Where progress is shown: stderr, unless a test looks. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  /** One more. */
  done(): void;
  stop(): void;
}

/** Shows how far it is: a bar on a terminal, elsewhere a line at every tenth. */
export function showProgress(total: number, unit: string, screen: Screen & NodeJS.WritableStream = process.stderr): Progress {
  return screen.isTTY ? bar(total, unit, screen) : lines(total, unit, screen);
}

function bar(total: number, unit: string, stream: NodeJS.WritableStream): Progress {
  const shown = new SingleBar({ format: `{bar} {value}/{total} ${unit}, {eta} s to go`, stream, hideCursor: true }, Presets.shades_classic);
  shown.start(total, 0);
  return { done: () => shown.increment(), stop: () => shown.stop() };
}

function lines(total: number, unit: string, screen: Screen): Progress {
  let at = 0;
  let tenths = 0;
  const done = (): void => {
    at += 1;
    const now = Math.floor((at / total) * 10);
    if (now === tenths) return;
    tenths = now;
    screen.write(`${at}/${total} ${unit}\n`);
  };
  return { done, stop: () => {} };
}
