import { byteLength } from '@hubbub/protocol/body';
import { limits } from '@hubbub/protocol/limits';
import { SendHorizontal } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { load, save } from './storage.ts';

interface ComposerProps {
  /** The draft is kept under it. */
  readonly channel: string;
  readonly title: string;
  readonly onType: () => void;
  readonly onSend: (body: { readonly text: string }) => void;
}

/** Give it the channel as key: each has a draft of its own. */
export function Composer({ channel, title, onType, onSend }: ComposerProps): ReactNode {
  const draftKey = `draft:${channel}`;
  const [text, setText] = useState(() => load(draftKey) ?? '');
  const field = useRef<HTMLTextAreaElement>(null);
  const body = { text: text.toWellFormed().trimEnd() };
  const tooLong = text.length > limits.bodyBytes / 6 && byteLength(JSON.stringify(body)) > limits.bodyBytes;

  useEffect(() => {
    const { current } = field;
    // Writing goes on where the draft ends.
    current?.setSelectionRange(current.value.length, current.value.length);
    // On a phone it would bring up the keyboard, over half of what one came to read.
    if (!matchMedia('(pointer: coarse)').matches) current?.focus({ preventScroll: true });
  }, []);

  const change = (value: string): void => {
    setText(value);
    save(draftKey, value);
  };

  const send = (): void => {
    if (body.text.trim() === '' || tooLong) return;
    onSend(body);
    change('');
    field.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    // The Enter that ends the input of a Chinese or Japanese word sends nothing.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {tooLong && (
        <p className="failure" role="alert">
          This is longer than one message may be. It is kept here; send it in parts.
        </p>
      )}
      <div className="field">
        <textarea
          id="composer"
          ref={field}
          rows={1}
          value={text}
          aria-label={`Message to ${title}`}
          placeholder={`Message to ${title}`}
          onChange={(event) => {
            change(event.target.value);
            if (event.target.value.trim() !== '') onType();
          }}
          onKeyDown={onKeyDown}
          enterKeyHint="send"
        />
        <button
          type="submit"
          aria-label="Send"
          title="Send (Enter); Shift+Enter breaks the line"
          disabled={body.text.trim() === '' || tooLong}
        >
          <SendHorizontal size={18} aria-hidden="true" />
        </button>
      </div>
    </form>
  );
}
