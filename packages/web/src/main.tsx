import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { takeCode } from './claim.ts';
import { Notice } from './notice.tsx';
import { Page } from './page.tsx';
import { settle } from './route.ts';
import { resume, unsent, useSession } from './session.ts';
import { SignIn } from './sign-in.tsx';
import './style/tokens.css';
import './style/page.css';
import './style/rooms.css';
import './style/sign-in.css';
import './style/timeline.css';
import './style/people.css';
import './style/narrow.css';

function App(): ReactNode {
  const session = useSession();
  switch (session.state) {
    case 'out':
      return <SignIn />;
    case 'asked':
      return <SignIn why={session.why} />;
    case 'in':
      return <Page client={session.client} />;
  }
}

takeCode();
settle();
resume();
window.addEventListener('beforeunload', (event) => {
  if (unsent() > 0) event.preventDefault();
});
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <Notice />
    <App />
  </StrictMode>,
);
