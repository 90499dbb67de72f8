import { realBrokerContract } from './real.fixture.ts';
import { redisBroker } from './redis.ts';

realBrokerContract({ server: 'redis', broker: redisBroker, envelopeBytes: 256 * 1024 });
