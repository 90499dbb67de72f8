import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { showProgress } from './progress.ts';

/** A screen that remembers what was written on it. */
class Screen extends Writable {
  text = '';

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

describe('progress', () => {
  it('is a line at every tenth where there is no terminal', () => {
    const screen = new Screen();
    const progress = showProgress(34, 'lines', screen);
    for (let at = 0; at < 34; at++) progress.done();
    progress.stop();
    const lines = screen.text.trim().split('\n');
    assert.equal(lines.length, 10);
    assert.deepEqual([lines[0], lines[9]], ['4/34 lines', '34/34 lines']);
  });

  it('is a bar on a terminal, and ends with it', () => {
    const screen = Object.assign(new Screen(), { isTTY: true, columns: 80, cursorTo: () => true, clearLine: () => true });
    const progress = showProgress(2, 'lines', screen);
    progress.done();
    progress.done();
    progress.stop();
    assert.match(screen.text, /2\/2 lines/);
  });
});
