import { Ellipsis } from 'lucide-react';
import { type ReactNode, type ToggleEvent, useId, useRef, useState } from 'react';

interface RoomMenuProps {
  readonly topic: string;
  readonly onTopic: (text: string) => void;
  readonly onLeave: () => void;
}

/** As the server has it. */
const longestTopic = 256;

/** What a member can do with a room. The browser opens and closes it, and puts the focus back. */
export function RoomMenu({ topic, onTopic, onLeave }: RoomMenuProps): ReactNode {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const [text, setText] = useState(topic);

  const onToggle = ({ newState }: ToggleEvent<HTMLDivElement>): void => {
    if (newState !== 'open' || !button.current || !menu.current) return;
    // A layer of its own knows nothing of what it belongs to.
    const { right, bottom } = button.current.getBoundingClientRect();
    menu.current.style.insetBlockStart = `${bottom + 4}px`;
    menu.current.style.insetInlineEnd = `${document.documentElement.clientWidth - right}px`;
    setText(topic);
  };
  const close = (): void => menu.current?.hidePopover();

  return (
    <>
      <button type="button" className="icon" ref={button} popoverTarget={id} aria-label="Room menu" title="Topic, leave">
        <Ellipsis size={18} aria-hidden="true" />
      </button>
      <div className="menu" id={id} ref={menu} popover="auto" onBeforeToggle={onToggle}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            close();
            if (text.trim() !== topic) onTopic(text.trim());
          }}
        >
          <label htmlFor={`${id}-topic`}>What it is about</label>
          <div className="field">
            <input
              id={`${id}-topic`}
              value={text}
              onChange={(event) => setText(event.target.value)}
              maxLength={longestTopic}
              placeholder="No topic"
              autoComplete="off"
            />
            <button type="submit" className="action" disabled={text.trim() === topic}>
              Set
            </button>
          </div>
        </form>
        <button
          type="button"
          className="item"
          onClick={() => {
            close();
            onLeave();
          }}
        >
          Leave
        </button>
      </div>
    </>
  );
}
