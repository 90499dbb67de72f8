/** `hubbub prove`, on a real server: it says that promises held where they did, that one was broken where one was, and when it has shown nothing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Process } from '@hubbub/rig/process';
import type { FaultProxy } from '@hubbub/rig/proxy';
import type { Fault, LinkFault } from '../packages/cli/src/prove/fault.ts';
import { faultsNamed, linkFaultsNamed } from '../packages/cli/src/prove/faults.ts';
import { exitCodeOf, type Findings } from '../packages/cli/src/prove/findings.ts';
import { prove, proveElsewhere } from '../packages/cli/src/prove/run.ts';
import { adminToken, complaints, hubbub, type RunningServer, Stage } from './server-rig.ts';

const main = resolve(import.meta.dirname, '../packages/cli/src/main.ts');
/** One of those by which links flap twice only. */
const seed = 2;
const size = { clients: 6, channels: 3, rate: 60, seconds: 1, seed };

async function run(t: TestContext, faults: readonly Fault[], healingMs: number): Promise<Findings> {
  return told(t, await prove({ ...size, faults, healingMs, say: () => {}, signal: t.signal }));
}

function told(t: TestContext, findings: Findings): Findings {
  const { faults: each, violations, ...figures } = findings;
  t.diagnostic(`${each.map(({ name, ms }) => `${name} ${ms} ms`).join(', ')}: ${JSON.stringify(figures)}`);
  for (const text of violations) t.diagnostic(text);
  return findings;
}

/** A network that drops one frame of events and nothing else, as none can: what a server would look like that forgets one. */
const loseFrame: LinkFault = {
  name: 'lose-frame',
  strike: async ({ proxies, until }) => {
    const [proxy] = proxies.values();
    let lost = false;
    const plant = (one: FaultProxy): void => {
      one.alter = (bytes) => {
        const kept = lost ? undefined : withoutEvents(bytes);
        if (kept) lost = true;
        return kept ?? bytes;
      };
    };
    if (proxy) plant(proxy);
    await until(() => lost, 20_000);
    return lost ? 'one frame was dropped' : undefined;
  },
};

/** A fault that does nothing. */
const idle: Fault = { name: 'idle', strike: async () => undefined };

/** The bytes without their first frame of events (RFC 6455, section 5.2: unmasked); undefined where there is none, or they are no whole frames. */
function withoutEvents(bytes: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 < bytes.length; ) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    if (short === 127) return undefined;
    const body = at + (short === 126 ? 4 : 2);
    const end = body + (short === 126 ? bytes.readUInt16BE(at + 2) : short);
    if (end > bytes.length) return undefined;
    if (bytes.toString('latin1', body, body + 17) === '{"push":"events",')
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    at = end;
  }
  return undefined;
}

describe('hubbub prove', () => {
  it('a killed node, a storm, flapping links: all promises hold, and each fault was seen', async (t) => {
    const faults = ['kill-node', 'storm', 'flap-clients'].flatMap((name) =>
      faultsNamed(name, seed, { store: 'sqlite', broker: 'local', nodes: 1 }),
    );
    const findings = await run(t, faults, 2_000);
    assert.deepEqual(findings.violations, []);
    assert.deepEqual(findings.void, []);
    assert.equal(findings.faultSeen, true);
    assert.ok(findings.faults.every(({ seen }) => seen !== null));
    assert.ok(findings.acked > size.rate * size.seconds);
    assert.equal(findings.delivered, findings.acked * size.clients);
    assert.equal(exitCodeOf(findings), 0);
  });

  it('I3 a frame that is dropped on the way breaks a promise, though the SDK asks anew and gets everything', async (t) => {
    const findings = await run(t, [loseFrame], 500);
    assert.deepEqual([findings.gaps, findings.lost, findings.faultSeen], [1, 0, true]);
    assert.equal(findings.delivered, findings.acked * size.clients);
    assert.equal(exitCodeOf(findings), 1);
  });

  it('a fault that leaves no trace has shown nothing', async (t) => {
    const findings = await run(t, [idle], 100);
    assert.deepEqual([findings.void, findings.violations, findings.faultSeen], [['idle left no trace'], [], false]);
    assert.equal(exitCodeOf(findings), 2);
  });

  it('ends with 2 and the name of a fault that this machine cannot have', async () => {
    const args = [main, 'prove', '--faults', 'skew', '--seed', '1', '--json'];
    const { code, stdout } = await Process.run({ command: process.execPath, args, env: { PATH: '/nowhere' } });
    const findings = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Findings;
    assert.deepEqual([code, findings.void, findings.faultSeen, findings.seed], [2, ['skew: faketime is not installed'], false, 1]);
  });

  const root = process.getuid?.() === 0 ? false : 'only root can give up a right';
  it('ends with 2, and says so, where a disk may not be mounted', { skip: root }, async () => {
    const args = ['--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin', process.execPath, main, 'prove', '--faults', 'full-disk'];
    const { code, stdout, stderr } = await Process.run({ command: 'setpriv', args });
    assert.match(stdout, /^void: full-disk: no small disk can be mounted here: .*(denied|permi)/m, stderr);
    assert.equal(code, 2);
  });

  it('ends with 2, and says why, when the run cannot be set up', async () => {
    const args = [main, 'prove', '--faults', 'none', '--clients', '2', '--channels', '1', '--seconds', '1'];
    const { code, stderr } = await Process.run({ command: process.execPath, args, env: { TMPDIR: '/nowhere' } });
    assert.match(stderr, /^hubbub: nothing was shown, for the run could not be set up: ENOENT/m);
    assert.equal(code, 2);
  });

  it('refuses what there is not, and says what there is', async () => {
    for (const [args, said] of [
      [['--faults', 'earthquake'], /kill-node, .*storm/],
      [['--clients', '1'], /two/],
    ] as const) {
      const { code, stderr } = await hubbub('prove', ...args);
      assert.equal(code, 2);
      assert.match(stderr, said);
    }
  });
});

describe('hubbub prove --url', () => {
  const visit = (t: TestContext, urls: readonly string[], faults: readonly LinkFault[], token?: string) =>
    proveElsewhere({ ...size, urls, token, faults, healingMs: 500, say: () => {}, signal: t.signal }).then((findings) => told(t, findings));
  const channelsOf = async (server: RunningServer): Promise<string[]> => {
    const headers = { authorization: `Bearer ${adminToken(server)}` };
    const answer = await fetch(`${server.url}/v1/channels?of=public`, { headers });
    return ((await answer.json()) as { channels: { channel: string }[] }).channels.map(({ channel }) => channel).sort();
  };

  it('with servers that run: what befalls the links to them, in rooms of its own, which stay', async (t) => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const before = await channelsOf(server);
    const faults = ['storm', 'flap-clients'].flatMap((name) => linkFaultsNamed(name, seed));
    const findings = await visit(t, [server.url], faults, adminToken(server));
    const { violations, void: traceless, foundByAntiEntropy, foundInFault, heldMs, acked, delivered, left } = findings;
    assert.deepEqual([violations, traceless, exitCodeOf(findings)], [[], [], 0]);
    assert.deepEqual([foundByAntiEntropy, foundInFault, heldMs], [0, 0, 0]);
    assert.ok(acked > size.rate * size.seconds);
    assert.equal(delivered, acked * size.clients);
    assert.equal(left.length, size.channels);
    assert.deepEqual(await channelsOf(server), [...before, ...left].sort());

    // By two addresses it may be two, and what is not known is not nothing. The rooms of another run, of the same seed, are others.
    const again = await visit(t, [server.url, server.url.replace('127.0.0.1', 'localhost')], []);
    assert.deepEqual([again.violations, again.acked > 0], [[], true]);
    assert.deepEqual([again.foundByAntiEntropy, again.foundInFault, again.heldMs], [null, null, null]);
    assert.deepEqual(await channelsOf(server), [...before, ...left, ...again.left].sort());

    const lossy = await visit(t, [server.url], [loseFrame]);
    assert.deepEqual([lossy.gaps, lossy.lost, exitCodeOf(lossy)], [1, 0, 1]);
    assert.equal(complaints(server), '');
  });

  it('where people come by tokens alone, all of them show the one that is given', async (t) => {
    await using stage = new Stage();
    const folder = stage.folder();
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'x'.repeat(32));
    const server = await stage.serve(join(folder, 'data'), '--auth', 'jwt', '--jwt-secret-file', secret);
    await assert.rejects(visit(t, [server.url], []), /no guests are let in there: a token has to say who to be/);
    const findings = await visit(t, [server.url], linkFaultsNamed('storm', seed), adminToken(server));
    assert.deepEqual([findings.violations, findings.void], [[], []]);
    assert.equal(findings.delivered, findings.acked * size.clients);
  });

  it('ends with 2, and says why, where nothing can be shown; no secret is told', async () => {
    await using stage = new Stage();
    const folder = stage.folder();
    const server = await stage.serve(join(folder, 'data'));
    const wrong = join(folder, 'token');
    writeFileSync(wrong, 'much-too-secret');
    await using other = createServer((_, response) => void response.end('<html>')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const cases: [string[], RegExp][] = [
      [['http://127.0.0.1:1'], /nothing was shown, .*: no server answers at http:\/\/127\.0\.0\.1:1$/m],
      [[`http://127.0.0.1:${(other.address() as AddressInfo).port}`], /what answers at \S+ is no Hubbub server/],
      [[server.url, '--token-file', wrong], /does not take the token \(unauthorized\)/],
      [[server.url, '--token-file', join(folder, 'nowhere')], /--token-file .*: cannot be read: ENOENT/],
      [[server.url, '--faults', 'kill-node'], /--faults kill-node: there is nothing here that it could befall/],
      [[server.url, '--broker', 'redis'], /--url: nothing is started there/],
      [[server.url, '--matrix'], /--url: nothing is started there/],
      [[server.url.replace('//', '//ann:much-too-secret@')], /--url: an address, and nothing secret in it/],
      [['nowhere'], /--url nowhere: http/],
    ];
    for (const [args, said] of cases) {
      const { code, stdout, stderr } = await hubbub('prove', '--faults', 'none', '--seconds', '1', '--url', ...args);
      assert.match(stderr, said);
      assert.equal(code, 2, stderr);
      assert.ok(!`${stdout}${stderr}`.includes('much-too-secret'));
    }
    assert.deepEqual(await channelsOf(server), ['room:general']);
  });
});
