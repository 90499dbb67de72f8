import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Process } from './process.ts';
import { skewedClock } from './skewed-clock.ts';

const there = (await skewedClock(0)) !== undefined;

describe('a skewed clock', { skip: there ? false : 'needs faketime' }, () => {
  for (const seconds of [600, -600]) {
    it(`is off by ${seconds} s for the process that has it, whose timers run as ever`, async () => {
      const env = await skewedClock(seconds);
      const script =
        'const at = performance.now(); setTimeout(() => console.log(JSON.stringify([Date.now(), performance.now() - at])), 20)';
      const before = Date.now();
      const { stdout } = await Process.run({ command: process.execPath, args: ['-e', script], ...(env && { env }) });
      const [shown = 0, waited = 0] = JSON.parse(stdout) as number[];
      assert.ok(shown - seconds * 1_000 >= before - 1 && shown - seconds * 1_000 <= Date.now() + 1, String(shown - before));
      assert.ok(waited >= 19 && waited < Math.abs(seconds) * 1_000, String(waited));
    });
  }
});
