/** Starts the servers that it is told of, says so, and at SIGUSR2 ends as it was told: it throws, or it leaves. */
import { argv, exit } from 'node:process';
import { type DataServer, startServer } from './start.ts';

const [, , end, ...names] = argv as [string, string, string, ...DataServer[]];
const servers = await Promise.all(names.map(startServer));
if (end === 'pause') for (const server of servers) server.pause();
process.once('SIGUSR2', () => {
  if (end === 'throw') throw new Error('as I was told');
  exit(0);
});
console.log(`up ${JSON.stringify(servers.map(({ port }) => port))}`);
