/** Makes a link. `handlers` are called from the event loop, never from inside `dial`; `onClose` once, last. */
export type Dial = (url: string, handlers: LinkHandlers) => Link;

export interface LinkHandlers {
  onOpen(): void;
  onFrame(text: string): void;
  /** `code`: the WebSocket close code, 1006 where the link simply broke. */
  onClose(code: number, reason: string): void;
}

export interface Link {
  send(text: string): void;
  /** Ends it; no handler is called afterwards. */
  close(): void;
}
