import { kafkaBroker } from './kafka.ts';
import { realBrokerContract } from './real.fixture.ts';

const way = 'whoever asks Kafka where it is is told its own address, past any proxy: the server is stopped instead (B9)';

realBrokerContract({ server: 'kafka', broker: kafkaBroker, envelopeBytes: 256 * 1024, lacks: { way } });
