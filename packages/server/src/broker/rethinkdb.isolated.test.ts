import { realBrokerContract } from './real.fixture.ts';
import { rethinkdbBroker } from './rethinkdb.ts';

realBrokerContract({ server: 'rethinkdb', broker: rethinkdbBroker, envelopeBytes: 128 * 1024 });
