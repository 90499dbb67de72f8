import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { freePorts, isFree, listens } from './ports.ts';

describe('ports', () => {
  it('are different ones, and none that the system gives to whoever connects', async () => {
    const [lowest = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t').map(Number);
    const ports = await freePorts(20);
    assert.equal(new Set(ports).size, 20);
    for (const port of ports) assert.ok(port < lowest, `${port}`);
  });

  it('are free or not, and it can be seen who listens', async () => {
    const [port = 0, other = 0] = await freePorts(2);
    assert.ok((await isFree(port)) && !listens(process.pid, port));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    assert.ok(!(await isFree(port)));
    assert.ok(listens(process.pid, port) && !listens(process.pid, other) && !listens(process.ppid, port));
    await new Promise((resolve) => server.close(resolve));
    assert.ok((await isFree(port)) && !listens(process.pid, port));
  });
});
