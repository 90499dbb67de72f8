/**
 * What is shipped to run a cluster with names what exists: paths, options, variables, figures. What can be asked of the programs themselves
 * (HAProxy, nginx, systemd) is asked; there is no Docker engine here, so the image is not built and the compose file not started.
 */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { Process } from '@hubbub/rig/process';
import { absent } from '@hubbub/rig/servers/present';
import { find } from '@hubbub/rig/servers/programs';
import { Command } from 'commander';
import { parse } from 'yaml';
import { serveOptions } from '../packages/cli/src/serve-options.ts';
import { Stage } from './server-rig.ts';

const root = resolve(import.meta.dirname, '..');
const deploy = join(root, 'deploy');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What `serve` reads from its environment. */
const variables = new Set(serveOptions(new Command()).options.flatMap(({ envVar }) => envVar ?? []));

/** Each variable is one that `serve` reads, and their values are such as it takes. */
async function taken(env: Record<string, string>): Promise<void> {
  for (const name of Object.keys(env)) assert.ok(!name.startsWith('HUBBUB_') || variables.has(name), `serve knows no ${name}`);
  const { stderr, code } = await Process.run({
    command: process.execPath,
    args: [join(root, 'packages/cli/src/main.ts'), 'serve', '--check-config'],
    env,
  });
  assert.equal(code, 0, stderr);
}

const seconds = (given: string | undefined): number => Number(/^(\d+)s$/.exec(given ?? '')?.[1]);
const drain = 25;

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Record<string, string>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Record<string, unknown>;
  readonly stop_grace_period?: string;
  readonly networks: readonly string[] | { readonly cluster: { readonly ipv4_address: string } };
}

describe('deploy/compose.yaml', () => {
  const compose = parse(text('deploy/compose.yaml'), { merge: true }) as {
    readonly services: Record<string, Service>;
    readonly volumes: Record<string, unknown>;
  };
  const service = (name: string): Service => {
    const found = compose.services[name];
    assert.ok(found, name);
    return found;
  };
  const addressOf = ({ networks }: Service): string | undefined => ('cluster' in networks ? networks.cluster.ipv4_address : undefined);
  const nodes = ['node1', 'node2', 'node3'];

  it('has three nodes, their database, their broker, and a balancer, and each volume and file that they name', () => {
    assert.deepEqual(Object.keys(compose.services).sort(), ['haproxy', ...nodes, 'postgres', 'redis']);
    for (const { volumes = [], build, depends_on: needed = {} } of Object.values(compose.services)) {
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        assert.ok(source.startsWith('./') ? existsSync(join(deploy, source)) : source in compose.volumes, source);
      }
      if (build) assert.ok(existsSync(join(deploy, build.context, build.dockerfile)));
      for (const name of Object.keys(needed)) service(name);
    }
  });

  it('tells nodes what they understand, believes the balancer alone, and gives them time to drain', async () => {
    for (const name of nodes) {
      const { environment = {}, stop_grace_period: grace } = service(name);
      const { HUBBUB_STORE: store = '', HUBBUB_BASE_URL: base = '', ...rest } = environment;
      await taken({
        ...rest,
        HUBBUB_STORE: store.replace(/\$\{HUBBUB_DB_PASSWORD:\?[^}]*\}/, 'secret'),
        HUBBUB_BASE_URL: base.replace(/\$\{HUBBUB_BASE_URL:-(.*)\}/, '$1'),
      });
      assert.equal(rest['HUBBUB_TRUST_PROXY'], addressOf(service('haproxy')));
      assert.equal(rest['HUBBUB_DRAIN'], String(drain));
      assert.ok(seconds(grace) > drain + 1);
    }
  });

  it('tells HAProxy where the nodes are', () => {
    const { environment = {} } = service('haproxy');
    const read = new Set([...text('deploy/haproxy.cfg').matchAll(/"\$\{(\w+)/g)].map(([, name]) => name));
    for (const name of Object.keys(environment)) assert.ok(read.has(name), `haproxy.cfg reads no ${name}`);
    for (const [at, name] of nodes.entries()) assert.equal(environment[`HUBBUB_NODE_${at + 1}`], `${addressOf(service(name))}:8080`);
  });
});

describe('deploy/Dockerfile', () => {
  const lines = text('deploy/Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => {
      const [, word, rest = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
      return word === undefined ? [] : [{ word, rest }];
    });
  const all = (word: string): string[] => lines.flatMap((line) => (line.word === word ? [line.rest] : []));

  it('copies what there is, and what is ignored is not among it', () => {
    const ignored = text('deploy/Dockerfile.dockerignore');
    const copied = all('COPY').filter((rest) => !rest.startsWith('--from='));
    assert.ok(copied.length > 0);
    for (const source of copied.flatMap((rest) => rest.split(/\s+/).slice(0, -1))) {
      assert.ok(existsSync(join(root, source)), source);
      assert.match(ignored, new RegExp(`^!${RegExp.escape(source)}$`, 'm'));
    }
  });

  it('runs a command that there is, told what it understands, as a user who is not root', async () => {
    const env = Object.fromEntries(all('ENV').flatMap((rest) => rest.split(/\s+/).map((pair) => pair.split('=') as [string, string])));
    await taken(env);
    const [, entry = ''] = JSON.parse(all('ENTRYPOINT')[0] ?? '[]') as string[];
    assert.ok(existsSync(join(root, entry)), entry);
    assert.deepEqual(all('CMD'), ['["serve"]']);
    assert.deepEqual(all('USER'), ['node']);
    assert.deepEqual(all('VOLUME'), [env['HUBBUB_DATA']]);
    const scripts = (JSON.parse(text('package.json')) as { scripts: Record<string, string> }).scripts;
    for (const [, script = ''] of all('RUN')
      .join(' ')
      .matchAll(/npm run (\S+)/g))
      assert.ok(script in scripts, script);
  });

  it('is healthy while the server answers, and not when nobody does', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const [, script = ''] = /"-e", "(.*)"\]/.exec(all('HEALTHCHECK')[0] ?? '') ?? [];
    assert.match(script, /127\.0\.0\.1:8080/);
    const check = async (): Promise<number | null> =>
      (await Process.run({ command: process.execPath, args: ['-e', script.replace('8080', String(server.port))] })).code;
    assert.equal(await check(), 0);
    await server.process.kill();
    assert.equal(await check(), 1);
  });
});

describe('deploy/hubbub.service', () => {
  const unit = text('deploy/hubbub.service');
  const set = (name: string): string[] => [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);

  it('starts what there is, told what it understands, and waits for its drain', async () => {
    const [program = '', script = '', ...words] = set('ExecStart')[0]?.split(' ') ?? [];
    assert.ok(existsSync(program.replace('/opt/hubbub', root)), program);
    assert.ok(existsSync(join(root, script)), script);
    assert.deepEqual(words, ['serve']);
    const given = [...set('Environment').join(' ').split(' '), ...[...unit.matchAll(/^#\s+(HUBBUB_\S+)$/gm)].map(([, pair = '']) => pair)];
    await taken(Object.fromEntries(given.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])));
    assert.ok(seconds(set('TimeoutStopSec')[0]) > drain + 1);
    assert.ok(existsSync(join(root, set('Documentation')[0]?.replace('file:/opt/hubbub/', '') ?? '')));
  });

  it('is hardened as it says', () => {
    for (const line of ['DynamicUser=yes', 'NoNewPrivileges=yes', 'ProtectSystem=strict', 'StateDirectory=hubbub', 'LimitNOFILE=65536']) {
      assert.match(unit, new RegExp(`^${line}$`, 'm'));
    }
  });

  const analyze = find('systemd-analyze');
  it('is a unit that systemd understands, and exposed little', {
    skip: analyze ? false : 'no systemd-analyze on this machine',
  }, async () => {
    await using stage = new Stage();
    const path = join(stage.folder(), 'hubbub.service');
    writeFileSync(path, unit.replaceAll('/opt/hubbub', root));
    const verified = await Process.run({ command: analyze ?? '', args: ['verify', '--man=no', path] });
    // What it does not know it ignores, and ends with 0.
    assert.deepEqual([verified.code, verified.stderr.split('\n').filter((line) => line.includes('hubbub.service'))], [0, []]);
    const args = ['security', '--offline=true', '--threshold=20', '--no-pager', path];
    const { code, stdout } = await Process.run({ command: analyze ?? '', args });
    assert.equal(code, 0, stdout.slice(-300));
  });
});

describe('the balancers take their configurations', () => {
  it('deploy/haproxy.cfg, told where the nodes are and nothing else', { skip: absent('haproxy') }, async () => {
    const env = { HUBBUB_NODE_1: '10.0.0.1:8080', HUBBUB_NODE_2: '10.0.0.2:8080', HUBBUB_NODE_3: '10.0.0.3:8080' };
    const checked = await Process.run({ command: find('haproxy') ?? '', args: ['-c', '-f', join(deploy, 'haproxy.cfg')], env });
    assert.deepEqual([checked.code, /warning/i.test(checked.stderr + checked.stdout)], [0, false], checked.stderr);
  });

  it('deploy/nginx.conf, with the two files beside it', { skip: absent('nginx') }, async () => {
    await using stage = new Stage();
    const folder = stage.folder();
    copyFileSync(join(deploy, 'nginx.conf'), join(folder, 'nginx.conf'));
    cpSync(join(deploy, 'nginx'), join(folder, 'nginx'), { recursive: true });
    const args = ['-t', '-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', `pid ${folder}/pid;`];
    const checked = await Process.run({ command: find('nginx') ?? '', args });
    assert.deepEqual([checked.code, /\[warn\]/.test(checked.stderr)], [0, false], checked.stderr);
  });
});

describe('what is watched', () => {
  it('each figure and branch that the alerts and the page for operators name is one that a node tells', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const told = await (await fetch(`${server.url}/metrics`)).text();
    const figures = new Set([...told.matchAll(/^(\w+?)(?:\{| )/gm)].map(([, name]) => name));
    const branches = new Set([...told.matchAll(/^hubbub_branches_total\{branch="(\w+)"\}/gm)].map(([, name]) => name));
    const alerts = parse(text('deploy/alerts.yml')) as { groups: { rules: { alert: string; expr: string }[] }[] };
    const rules = alerts.groups.flatMap((group) => group.rules);
    assert.ok(rules.length >= 10);
    const page = text('docs/operations.md');
    for (const { alert, expr } of rules) assert.ok(page.includes(`\`${alert}\``), `the page says nothing of ${alert}: ${expr}`);
    const all = [...rules.map(({ expr }) => expr), page].join('\n');
    const named = new Set(all.match(/\b(?:hubbub|nodejs|process)_[a-z0-9_]+/g));
    assert.ok(named.size > 20, [...named].join());
    for (const name of named) assert.ok(figures.has(name), `no node tells ${name}`);
    const [, table = ''] = /### Branches\n([\s\S]*)$/.exec(page) ?? [];
    const described = [...table.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) => cell.match(/(?<=`)\w+(?=`)/g) ?? []);
    const asked = [...all.matchAll(/branch="(\w+)"/g)].map(([, name]) => name);
    for (const name of [...described, ...asked]) assert.ok(branches.has(name), `no node counts ${name}`);
    for (const name of branches) assert.ok(described.includes(name ?? ''), `the page says nothing of ${name}`);
    for (const name of figures)
      if (name?.startsWith('hubbub_')) assert.match(page, new RegExp(`\`${name}\\b`), `the page says nothing of ${name}`);
  });
});

describe('the files of deploy/', () => {
  it('are all looked at here', () => {
    const known = 'Dockerfile Dockerfile.dockerignore alerts.yml compose.yaml haproxy.cfg hubbub.service nginx nginx.conf';
    assert.deepEqual(globSync('*', { cwd: deploy }).sort(), known.split(' ').sort());
  });
});
