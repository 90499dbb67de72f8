/** What can be seen of a sign-in by whoever watches its link. */
export class SignInSeen {
  /** The newest token that was shown and taken. */
  token: string | undefined;
  readonly #shown = new Map<number, string>();

  /** The client says this. */
  said(text: string): void {
    if (!text.includes('"cmd":"hello"') && !text.includes('"cmd":"refresh"')) return;
    try {
      const { req, token } = JSON.parse(text) as { req?: number; token?: string };
      if (req !== undefined && typeof token === 'string') this.#shown.set(req, token);
    } catch {
      // Not every client says what can be read.
    }
  }

  /** The node says this. */
  answered(text: string): void {
    const res = this.#shown.size > 0 ? /^\{"res":(\d+)/.exec(text)?.[1] : undefined;
    const token = res === undefined ? undefined : this.#shown.get(Number(res));
    if (token === undefined) return;
    this.#shown.delete(Number(res));
    if (!text.includes('"error":{')) this.token = token;
  }
}
