import type { CSSProperties, ReactNode } from 'react';
import { type Colour, colours, paper, widths } from './stroke.ts';

export interface Tool {
  readonly color: Colour;
  readonly width: number;
}

interface ToolbarProps {
  readonly tool: Tool;
  readonly onTool: (tool: Tool) => void;
  /** What else there is to say. */
  readonly children: ReactNode;
}

const names = ['fine', 'broad', 'brush'] as const;

/** Under the paper, never over it. */
export function Toolbar({ tool, onTool, children }: ToolbarProps): ReactNode {
  return (
    <div className="tools" id="tools" tabIndex={-1}>
      <fieldset>
        <legend className="unseen">Colour</legend>
        {colours.map((color) => (
          <label key={color} title={color} style={{ '--ink': `var(--ink-${color})` } as CSSProperties}>
            <input
              type="radio"
              name="colour"
              aria-label={color}
              checked={color === tool.color}
              onChange={() => onTool({ ...tool, color })}
            />
            <span className="swatch" />
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend className="unseen">Width</legend>
        {widths.map((width, at) => (
          <label
            key={width}
            title={names[at]}
            style={{ '--ink': `var(--ink-${tool.color})`, '--size': `${4 + (width / paper.width) * 1_600}px` } as CSSProperties}
          >
            <input
              type="radio"
              name="width"
              aria-label={names[at]}
              checked={width === tool.width}
              onChange={() => onTool({ ...tool, width })}
            />
            <span className="dot" />
          </label>
        ))}
      </fieldset>
      {children}
    </div>
  );
}
