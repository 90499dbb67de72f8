import { postgresBroker } from './postgres.ts';
import { realBrokerContract } from './real.fixture.ts';

realBrokerContract({ server: 'postgres', broker: postgresBroker, envelopeBytes: 7_800 });
