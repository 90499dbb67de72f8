import { Refusal } from '@hubbub/protocol/codes';
import { type Command, type CommandName, commands } from '@hubbub/protocol/frames';
import { Compile } from 'typebox/compile';

const validators = Object.fromEntries(Object.entries(commands).map(([name, schema]) => [name, Compile(schema)])) as {
  readonly [Name in CommandName]: ReturnType<typeof Compile>;
};

/** A frame that is a numbered command, but not one that can be carried out: it is answered by its number. */
export class BadCommand extends Refusal {
  readonly req: number;

  constructor(code: 'bad_command' | 'unknown_command', req: number, text: string) {
    super(code, text);
    this.req = req;
  }
}

/**
 * Reads a client's frame. Throws Refusal `bad_frame` for what is no numbered command at all (the link closes: whatever it meant, nobody
 * waits for an answer to it), BadCommand for all else.
 */
export function parseCommand(text: string): Command {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    throw new Refusal('bad_frame', 'a frame is one JSON object');
  }
  if (typeof frame !== 'object' || frame === null) throw new Refusal('bad_frame', 'a frame is one JSON object');
  const { req, cmd } = frame as { req?: unknown; cmd?: unknown };
  if (typeof req !== 'number' || !Number.isSafeInteger(req) || req < 1) throw new Refusal('bad_frame', 'a command has a number: "req"');
  if (typeof cmd !== 'string' || !Object.hasOwn(commands, cmd)) throw new BadCommand('unknown_command', req, 'there is no such command');
  const validator = validators[cmd as CommandName];
  if (!validator.Check(frame)) {
    const [first] = validator.Errors(frame);
    const where = first ? ` ${first.instancePath || 'the command'} ${first.message}` : '';
    throw new BadCommand('bad_command', req, `this is not how ${cmd} is written:${where}`);
  }
  return frame as Command;
}
