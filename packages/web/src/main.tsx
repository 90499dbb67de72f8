import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Room } from './room.tsx';
import { settle, useRoom } from './route.ts';
import { resume, useSession } from './session.ts';
import { SignIn } from './sign-in.tsx';
import './style/tokens.css';
import './style/page.css';
import './style/sign-in.css';
import './style/timeline.css';
import './style/narrow.css';

function App(): ReactNode {
  const client = useSession();
  const room = useRoom();
  return client ? <Room key={room} client={client} room={room} /> : <SignIn />;
}

settle();
resume();
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
