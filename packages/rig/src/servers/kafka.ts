import { writeFileSync } from 'node:fs';
import { ask } from './ask.ts';
import { OwnServer } from './own-server.ts';
import { freePorts } from './ports.ts';
import { need } from './programs.ts';
import type { RealServer } from './server.ts';

/** Length; ApiVersions (18), version 0, correlation 1, no client id. The answer: length, correlation, error code. */
const apiVersions = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);

/** Any will do: it lives alone. */
const cluster = 'MkU3OEVBNTcwNTJENDM2Qg';
/** Without figures of the virtual machine's own: it would leave them in /tmp when it is killed. */
const machine = ['-XX:+UseSerialGC', '-XX:-UsePerfData', '-Dlog4j2.disable.jmx=true', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];

/** Starts a Kafka of one node, which keeps its own quorum and makes no topic unasked. Throws where this machine has none. */
export async function startKafka(): Promise<RealServer> {
  const [command, folderOfJars] = [need('java'), need('kafka')];
  const [port = 0, quorum = 0] = await freePorts(2);
  const jars = ['-cp', `${folderOfJars}/*`];
  return OwnServer.open({
    name: 'kafka',
    url: `kafka://127.0.0.1:${port}`,
    port,
    prepare(folder) {
      writeFileSync(`${folder}/server.properties`, properties(folder, port, quorum));
      const format = ['kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', cluster, '-c', `${folder}/server.properties`];
      return { command, args: ['-Xmx128m', '-XX:TieredStopAtLevel=1', ...machine, ...jars, ...format] };
    },
    main(folder) {
      const args = ['-Xms256m', '-Xmx256m', '-XX:+ExitOnOutOfMemoryError', ...machine, ...jars];
      return { command, args: [...args, 'kafka.Kafka', `${folder}/server.properties`] };
    },
    answers: () => askVersions(port),
  });
}

/** Asks the Kafka at a port of 127.0.0.1 what it can do. Rejects when it does not answer within `patience` ms. */
export function askVersions(port: number, patience?: number): Promise<Buffer> {
  return ask(port, apiVersions, (reply) => reply.length >= 10 && reply.readInt32BE(4) === 1 && reply.readInt16BE(8) === 0, patience);
}

function properties(folder: string, port: number, quorum: number): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${quorum}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${quorum}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${folder}/data
auto.create.topics.enable=false
num.partitions=8
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=2097152
num.network.threads=2
num.io.threads=4
# With these two it is back 3 s after a SIGKILL, not 13.
broker.heartbeat.interval.ms=250
broker.session.timeout.ms=1000
`;
}
