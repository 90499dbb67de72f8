import { natsBroker } from './nats.ts';
import { realBrokerContract } from './real.fixture.ts';

realBrokerContract({ server: 'nats', broker: natsBroker, envelopeBytes: 256 * 1024 });
