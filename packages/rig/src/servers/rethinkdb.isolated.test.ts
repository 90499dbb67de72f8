import { describe } from 'node:test';
import { livesAsPromised } from './life.contract.ts';
import { absent } from './present.ts';
import { greet, startRethinkdb } from './rethinkdb.ts';

describe('rethinkdb', { skip: absent('rethinkdb') }, () => {
  livesAsPromised(startRethinkdb, { ping: greet });
});
