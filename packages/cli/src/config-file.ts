import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CommandError } from './fail.ts';

/** Not for a file: they say which file, and what to do with it. */
const notInFile = new Set(['config', 'checkConfig']);

/**
 * A command's options, those of the file included that neither the command line nor the environment has given. Names are as on the command
 * line, without dashes in front. Throws CommandError, which names what is wrong and what would be right.
 */
export function withConfigFile<Options extends { readonly config?: string }>(options: Options, command: Command): Options {
  if (options.config === undefined) return options;
  const names = new Map(command.options.map((option) => [option.long?.replace(/^--/, '') ?? '', option.attributeName()]));
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(read(options.config))) {
    const attribute = names.get(name);
    if (attribute === undefined || notInFile.has(attribute)) {
      const right = [...names].filter(([, known]) => !notInFile.has(known)).map(([known]) => known);
      throw new CommandError(`${options.config}: "${name}" is no option; there are ${right.join(', ')}`, 2);
    }
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new CommandError(`${options.config}: "${name}" is a text or a number`, 2);
    }
    const source = command.getOptionValueSource(attribute);
    if (source === undefined || source === 'default') found[attribute] = String(value);
  }
  return { ...options, ...found };
}

function read(path: string): object {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandError(`--config ${path}: cannot be read: ${(error as NodeJS.ErrnoException).code}`, 2);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new CommandError(`--config ${path}: ${error instanceof Error ? error.message : 'no JSON'}`, 2);
  }
  throw new CommandError(`--config ${path}: a JSON object, such as {"port": 8080}`, 2);
}
