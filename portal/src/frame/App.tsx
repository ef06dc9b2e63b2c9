/** The portal as a whole: who gives what to all pages, and whether anybody is signed in. */
import {
  FluentProvider,
  RendererProvider,
  createDOMRenderer,
  webDarkTheme,
  webLightTheme,
} from '@fluentui/react-components';
import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense, lazy } from 'react';
import type { ReactNode } from 'react';
import { Router } from 'wouter';
import { useSession } from '../api/session';
import { Failure } from '../parts/Failure';
import { Waiting } from '../parts/Waiting';
import { Boundary } from './Boundary';
import { NotificationsProvider } from './notifications';
import { makeClient } from './queries';
import { SettingsProvider, useSettings } from './settings';

const Shell = lazy(() => import('./Shell'));
const SignIn = lazy(() => import('./SignIn'));

// The server's policy lets in only styles that carry this answer's nonce.
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });

const client = makeClient();

/** Pages' paths begin with this, so that none is a path of the API. */
const BASE = '/_';
if (location.pathname === '/') history.replaceState(null, '', `${BASE}/`);

export function App() {
  return (
    <RendererProvider renderer={renderer}>
      <QueryClientProvider client={client}>
        <SettingsProvider>
          <Themed>
            <Router base={BASE}>
              <Boundary>
                <Suspense fallback={<Waiting />}>
                  <SignedIn />
                </Suspense>
              </Boundary>
            </Router>
          </Themed>
        </SettingsProvider>
      </QueryClientProvider>
    </RendererProvider>
  );
}

function Themed({ children }: { children: ReactNode }) {
  const { isDark } = useSettings();
  return (
    <FluentProvider theme={isDark ? webDarkTheme : webLightTheme} style={{ minHeight: '100%' }}>
      {children}
    </FluentProvider>
  );
}

function SignedIn() {
  const session = useSession();
  if (session.error) return <Failure error={session.error} retry={() => session.refetch()} />;
  if (session.isPending) return <Waiting />;
  if (!session.data) return <SignIn />;
  return (
    <NotificationsProvider user={session.data.user.id}>
      <Shell session={session.data} />
    </NotificationsProvider>
  );
}
