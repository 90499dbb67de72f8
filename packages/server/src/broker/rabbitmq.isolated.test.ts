import { rabbitmqBroker } from './rabbitmq.ts';
import { realBrokerContract } from './real.fixture.ts';

realBrokerContract({ server: 'rabbitmq', broker: rabbitmqBroker, envelopeBytes: 256 * 1024 });
