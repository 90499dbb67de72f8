import { now, type Sending } from './history.ts';

/** What one client has sent, and what it was answered. */
export class Sendings {
  readonly all: Sending[] = [];
  /** How many are not answered yet. */
  unanswered = 0;

  get answered(): number {
    return this.all.length - this.unanswered;
  }

  /** Sends, and writes down what comes of it; `refusal` says in a word why it was refused. Never rejects. */
  async send(
    channel: string,
    id: string,
    send: () => Promise<{ epoch: string; offset: number }>,
    refusal: (error: unknown) => string,
  ): Promise<void> {
    const sending: Sending = { channel, id, sentAt: now() };
    this.all.push(sending);
    this.unanswered += 1;
    try {
      const { epoch, offset } = await send();
      sending.ack = { epoch, offset, at: now() };
    } catch (error) {
      sending.refused = refusal(error);
    }
    this.unanswered -= 1;
  }
}
