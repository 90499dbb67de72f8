import { type ReactNode, useState } from 'react';
import { lastName, signIn } from './session.ts';

interface SignInProps {
  /** Why one is asked once more. */
  readonly why?: string;
}

export function SignIn({ why }: SignInProps): ReactNode {
  const [name, setName] = useState(lastName);
  return (
    <main className="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== '') signIn(name.trim());
        }}
      >
        <h1>Hubbub</h1>
        <p>Rooms to talk in, on a server of your own: a name is enough, and nothing that is said gets lost.</p>
        <label htmlFor="name">Your name</label>
        <div className="field">
          <input
            id="name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            maxLength={64}
            aria-describedby={why === undefined ? undefined : 'why'}
            autoComplete="nickname"
            // biome-ignore lint/a11y/noAutofocus: the only thing to do here
            autoFocus
          />
          <button type="submit" disabled={name.trim() === ''}>
            Come in
          </button>
        </div>
        {why !== undefined && (
          <p className="failure" id="why" role="alert">
            {why}
          </p>
        )}
      </form>
    </main>
  );
}
