import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** What is measured from: read when somebody asks, so that it costs nothing while nobody does. */
export interface Sources {
  /** How often each branch of core was taken since the start. */
  readonly counts: ReadonlyMap<string, number>;
  /** What the node holds: numbers, and what is so or not. */
  readonly status: () => Readonly<Record<string, number | boolean>>;
}

/** The node in Prometheus' text format: what it holds, what it has done, and how its process is. */
export function openMetrics({ counts, status }: Sources): { readonly contentType: string; read(): Promise<string> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Counter({
    name: 'hubbub_branches_total',
    help: 'How often each branch of the core was taken since the start',
    labelNames: ['branch'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [branch, count] of counts) this.inc({ branch }, count);
    },
  });
  const gauges = new Map<string, Gauge>();
  const gauge = (name: string): Gauge => {
    let made = gauges.get(name);
    if (!made) {
      made = new Gauge({
        name: `hubbub_${snake(name)}`,
        help: `The node's ${snake(name).replaceAll('_', ' ')} now`,
        registers: [registry],
      });
      gauges.set(name, made);
    }
    return made;
  };
  return {
    contentType: registry.contentType,
    read: async () => {
      for (const [name, value] of Object.entries(status())) gauge(name).set(Number(value));
      return registry.metrics();
    },
  };
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
