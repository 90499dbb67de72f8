/** Inputs that nobody would write, by seed: what a client says, torn, twisted and filled with what does not belong there. */
export class Fuzzer {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1): mulberry32. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value;
  }

  /** One of the templates as JSON text, damaged a few times: in its members, or as a text. */
  input(templates: readonly object[]): string {
    const template = this.pick(templates);
    let value: unknown = structuredClone(template);
    for (let left = this.below(4); left > 0; left--) value = this.#damage(value);
    // Who fails at the door sees nothing of the house: mostly it is a command that there is.
    if (typeof value === 'object' && value !== null && this.random() < 0.85) {
      for (const member of ['req', 'cmd'])
        if (member in template) value = Object.assign(value as object, { [member]: template[member as never] });
    }
    let text = JSON.stringify(value) ?? '';
    if (this.random() < 0.15) text = text.replace(/"m(\d)"/, '"__proto__"');
    if (this.random() < 0.1) text = this.#tear(text);
    return text;
  }

  #damage(value: unknown): unknown {
    if (this.random() < 0.1) return this.#anything(3);
    if (Array.isArray(value)) {
      if (value.length === 0 || this.random() < 0.2) return [...value, this.#anything(2)];
      const at = this.below(value.length);
      return value.map((one, index) => (index === at ? this.#damage(one) : one));
    }
    if (typeof value !== 'object' || value === null) return this.#anything(2);
    const entries = Object.entries(value);
    const at = this.below(entries.length + 1);
    const [key, inner] = entries[at] ?? [this.pick(['m1', 'constructor', 'toString', 'from', 'ts', 'about', '', 'req']), null];
    const rest = Object.fromEntries(entries.filter((_, index) => index !== at));
    const fate = this.random();
    if (fate < 0.2) return rest;
    return { ...rest, [key]: fate < 0.7 ? this.#anything(2) : this.#damage(inner) };
  }

  #anything(depth: number): unknown {
    const simple: readonly unknown[] = [
      ...[null, true, false, 0, -1, 0.5, 1e308, 2 ** 53, -0, '', ' ', '0', '1~x', 'room:a', 'room:', 'user:ann', 'sys:keys', 'ROOM:A'],
      ...['__proto__', 'constructor', '\u0000', '\ud800', '\u202e', 'é', '👍', 'x'.repeat(300), 'room:%2', 'room:%00', 'room:%C3%A9'],
      ...['0198c0de-0000-7000-8000-000000000001', '00000000-0000-0000-0000-000000000000', '9007199254740993~e', '-1~e', '~'],
    ];
    if (depth === 0 || this.random() < 0.6) return this.pick(simple);
    if (this.random() < 0.1) return JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`);
    const inner = (): unknown => this.#anything(depth - 1);
    if (this.random() < 0.5) return Array.from({ length: this.below(this.random() < 0.05 ? 700 : 4) }, inner);
    return Object.fromEntries(Array.from({ length: this.below(4) }, (_, at) => [`m${at}`, inner()]));
  }

  #tear(text: string): string {
    const at = this.below(text.length + 1);
    switch (this.below(5)) {
      case 0:
        return text.slice(0, at);
      case 1:
        return text.slice(0, at) + String.fromCharCode(this.below(65_536)) + text.slice(at);
      case 2:
        return text.slice(0, at) + text.slice(at + 1 + this.below(5));
      case 3:
        return text + text.slice(at);
      default:
        return text.slice(0, at) + this.pick(['1e999', '{', '}', '[', '"', ',', ':', 'NaN', '\\u0000', '//']) + text.slice(at);
    }
  }
}
