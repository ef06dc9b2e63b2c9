import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './frame/App';
import { firstLanguage } from './frame/settings';
import { speak } from './text/words';
import './global.css';

const root = document.getElementById('root');
if (root) {
  void speak(firstLanguage()).then(() =>
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    ),
  );
}
