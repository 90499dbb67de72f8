import type { CSSProperties, ReactNode } from 'react';
import { hueOf, initialOf } from '../people.ts';

export function Avatar({ user }: { readonly user: string }): ReactNode {
  return (
    <span className="avatar" style={{ '--hue': hueOf(user) } as CSSProperties} aria-hidden="true">
      {initialOf(user)}
    </span>
  );
}
