/** The peers: how each is had, and how it is started. */
import { globSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Process } from '@hubbub/rig/process';
import type { Peer } from './dialects.ts';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

const folder = resolve(import.meta.dirname, '../peers');
/** What a frame of ours holds when it brings one event of 128 bytes. */
const framePayload = 343;

/** How to start a peer. What it stores, and what is built for it, goes into `data`, an empty folder. */
export async function commandOf(peer: Peer, data: string): Promise<Command> {
  const script = join(folder, `${peer}.ts`);
  switch (peer) {
    case 'ws':
    case 'socketio':
      return { command: process.execPath, args: [script] };
    case 'ws-append':
      return { command: process.execPath, args: [script, data] };
    case 'bun':
      return { command: bun(), args: [script] };
    case 'bun-append':
      return { command: bun(), args: [script, data] };
    case 'floor':
      return { command: await compile(join(folder, 'floor.c'), join(data, 'floor')), args: [String(framePayload)] };
  }
}

/** How to start a node of Socket.IO beside others: what is said on one comes to all by way of the Redis at `broker`. */
export function socketIoOnRedis(broker: string): Command {
  return { command: process.execPath, args: [join(folder, 'socketio-redis.ts'), broker] };
}

/** How to start a node of a chat on Socket.IO that is to be found again on the same port; 0: on any. What `broker` is, see above. */
export function socketIoChat(broker: string, port: number): Command {
  return { command: process.execPath, args: [join(folder, 'socketio-chat.ts'), broker, String(port)] };
}

/** Why a peer cannot be measured on this machine; undefined if it can. */
export async function whyAbsent(peer: Peer): Promise<string | undefined> {
  switch (peer) {
    case 'bun':
    case 'bun-append':
      return whyNot('bun', bun());
    case 'floor':
      return whyNot('cc', 'cc');
    default:
      return undefined;
  }
}

/** Installs the peers, unless that has been done since their lock file changed: they are no dependency of the project. Throws npm's words. */
export async function installPeers(say: (text: string) => void): Promise<void> {
  const made = statSync(join(folder, 'node_modules/.package-lock.json'), { throwIfNoEntry: false });
  if (made && made.mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs) return;
  say('installing the peers');
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  const { code, stdout, stderr } = await Process.run({ command: 'npm', args, cwd: folder });
  if (code === 0) return;
  // Half of an installation must not be taken for one at the next run.
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
  throw new Error(`npm ci in bench/peers failed:\n${stdout}${stderr}`);
}

/** The binary itself. Bun's install script moves it from its platform's package to its own; where scripts may not run it is in the former. */
function bun(): string {
  return join(folder, globSync('node_modules/@oven/bun-*/bin/bun', { cwd: folder })[0] ?? 'node_modules/bun/bin/bun.exe');
}

async function whyNot(name: string, command: string): Promise<string | undefined> {
  try {
    const { code, signal, stderr } = await Process.run({ command, args: ['--version'] });
    return code === 0 ? undefined : `${name} does not run here (${code ?? signal}) ${stderr.trim()}`;
  } catch {
    return `${name} is not there`;
  }
}

/** Returns the path of what it has built. Throws the compiler's words. */
async function compile(source: string, output: string): Promise<string> {
  const { code, stderr } = await Process.run({ command: 'cc', args: ['-O2', '-o', output, source] });
  if (code !== 0) throw new Error(`cc failed:\n${stderr}`);
  return output;
}
