/** Checks frames against their schemas. For servers: the schema library is too much for a page to load. */
import { Compile } from 'typebox/compile';
import { type CommandName, commands } from './frames.ts';

const validators = Object.fromEntries(Object.entries(commands).map(([name, schema]) => [name, Compile(schema)])) as {
  readonly [Name in CommandName]: ReturnType<typeof Compile>;
};

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** What keeps a value from being that command, for people; undefined: nothing does. */
export function whatIsWrong(name: CommandName, frame: unknown): string | undefined {
  const validator = validators[name];
  if (validator.Check(frame)) return undefined;
  const [first] = validator.Errors(frame);
  return first ? `${first.instancePath || 'the command'} ${first.message}` : 'it does not fit';
}
