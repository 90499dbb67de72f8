import { Refusal } from '@hubbub/protocol/codes';
import type { Command } from '@hubbub/protocol/frames';
import { isCommandName, whatIsWrong } from '@hubbub/protocol/validate';

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
  if (typeof cmd !== 'string' || !isCommandName(cmd)) throw new BadCommand('unknown_command', req, 'there is no such command');
  const wrong = whatIsWrong(cmd, frame);
  if (wrong !== undefined) throw new BadCommand('bad_command', req, `this is not how ${cmd} is written: ${wrong}`);
  return frame as Command;
}
