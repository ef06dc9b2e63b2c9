/** Signing in; at the first time the one-time password is changed for an own one. */
import { Button, Card, Field, Input, Title2, makeStyles, tokens } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { FormEvent } from 'react';
import { ApiError } from '../api/client';
import { changePassword, sessionQuery, signIn } from '../api/session';
import { Failure } from '../parts/Failure';
import { useText } from '../text/text';
import { text } from './text';

const useStyles = makeStyles({
  page: {
    display: 'grid',
    placeItems: 'center',
    minHeight: '100dvh',
    padding: '16px',
    backgroundColor: tokens.colorNeutralBackground3,
  },
  card: { width: '100%', maxWidth: '400px', padding: '32px' },
  form: { display: 'grid', gap: '16px' },
  hint: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, margin: 0 },
});

/** The server's word for a password that only serves to set another. */
const ONE_TIME = 'UserPasswordChangeRequired';

export default function SignIn() {
  const styles = useStyles();
  const t = useText(text);
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [chosen, setChosen] = useState('');
  const [again, setAgain] = useState('');
  const [isOneTime, setIsOneTime] = useState(false);
  const [error, setError] = useState<unknown>();
  const [isBusy, setIsBusy] = useState(false);

  const isNotReady = isBusy || (isOneTime ? !chosen || again !== chosen : !name || !password);

  const done = async (event: FormEvent) => {
    event.preventDefault();
    if (isNotReady) return;
    setIsBusy(true);
    setError(undefined);
    try {
      if (isOneTime) await changePassword(name, password, chosen);
      const session = await signIn(name, isOneTime ? chosen : password);
      queries.setQueryData(sessionQuery.queryKey, session);
    } catch (error) {
      if (error instanceof ApiError && error.code === ONE_TIME) setIsOneTime(true);
      else setError(error);
    } finally {
      setIsBusy(false);
    }
  };
  const differ = isOneTime && again !== '' && again !== chosen;

  return (
    <main className={styles.page}>
      <Card className={styles.card}>
        <Title2 as="h1">{isOneTime ? t.oneTime : t.signInTo}</Title2>
        <form className={styles.form} onSubmit={(event) => void done(event)}>
          {isOneTime ? (
            <>
              <p className={styles.hint}>{t.oneTimeWhy}</p>
              <Field label={t.newPassword} required>
                <Input
                  type="password"
                  autoComplete="new-password"
                  autoFocus
                  value={chosen}
                  onChange={(_, { value }) => setChosen(value)}
                />
              </Field>
              <Field label={t.again} required validationMessage={differ ? t.differ : undefined}>
                <Input
                  type="password"
                  autoComplete="new-password"
                  value={again}
                  onChange={(_, { value }) => setAgain(value)}
                />
              </Field>
            </>
          ) : (
            <>
              <Field label={t.user} required>
                <Input
                  autoComplete="username"
                  autoFocus
                  value={name}
                  onChange={(_, { value }) => setName(value)}
                />
              </Field>
              <Field label={t.password} required>
                <Input
                  type="password"
                  autoComplete="current-password"
                  value={password}
                  onChange={(_, { value }) => setPassword(value)}
                />
              </Field>
            </>
          )}
          {error !== undefined && <Failure error={error} />}
          <Button appearance="primary" type="submit" disabledFocusable={isNotReady}>
            {isOneTime ? t.change : t.signIn}
          </Button>
          {!isOneTime && <p className={styles.hint}>{t.first}</p>}
        </form>
      </Card>
    </main>
  );
}
