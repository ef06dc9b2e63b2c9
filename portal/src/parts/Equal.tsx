/** "Show command": the same by `stillpoint`, `az` and REST, ready to copy. */
import { Link, Tab, TabList, makeStyles, tokens } from '@fluentui/react-components';
import { CodeRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { VERSION } from '../api/client';
import { texts, useText } from '../text/text';
import { CopyButton } from './CopyButton';

/** A call of the API. */
export interface Call {
  method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  /** The path of the resource. */
  path: string;
  body?: unknown;
}

/** The commands that are equal to an action. */
export interface EqualCommand {
  /** Left out where the command has no verb: then it is not shown. */
  stillpoint?: string;
  /** Left out where `az` has no verb: then it is `az rest`. */
  az?: string;
  /** The call, or several in their order. */
  rest: Call | Call[];
}

const text = texts({
  en: { show: 'Show command', hide: 'Hide command' },
  'zh-Hant': { show: '顯示命令', hide: '隱藏命令' },
  'zh-Hans': { show: '显示命令', hide: '隐藏命令' },
});

const useStyles = makeStyles({
  box: { display: 'grid', gap: '4px', margin: '8px 0' },
  code: {
    position: 'relative',
    backgroundColor: tokens.colorNeutralBackground3,
    borderRadius: tokens.borderRadiusMedium,
    padding: '8px 40px 8px 12px',
    margin: 0,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'pre-wrap',
    wordBreak: 'break-all',
    maxHeight: '40vh',
    overflowY: 'auto',
  },
  copy: { position: 'absolute', top: '4px', right: '4px' },
});

/** A word for a shell: quoted where it must be. */
export const quoted = (word: string) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** With the version of the API, beside what the query says already. */
const versioned = (path: string) =>
  `${path}${path.includes('?') ? '&' : '?'}api-version=${VERSION}`;

const restText = ({ method, path, body }: Call) =>
  `${method} ${location.origin}${versioned(path)}` +
  (body === undefined
    ? ''
    : `\ncontent-type: application/json\n\n${JSON.stringify(body, null, 2)}`);

/** A call as `az` makes those that it has no verb for. */
export const azRest = ({ method, path, body }: Call) =>
  `az rest --method ${method.toLowerCase()} --url ${quoted(versioned(path))}` +
  (body === undefined ? '' : ` --body ${quoted(JSON.stringify(body))}`);

export function Equal({ to }: { to: EqualCommand }) {
  const styles = useStyles();
  const t = useText(text);
  const [isShown, setIsShown] = useState(false);
  const [chosen, setKind] = useState<'stillpoint' | 'az' | 'REST'>(
    to.stillpoint ? 'stillpoint' : 'az',
  );
  const kind = chosen === 'stillpoint' && to.stillpoint === undefined ? 'az' : chosen;
  const calls = Array.isArray(to.rest) ? to.rest : [to.rest];
  const code = {
    stillpoint: to.stillpoint ?? '',
    az: to.az ?? calls.map(azRest).join('\n'),
    REST: calls.map(restText).join('\n\n'),
  }[kind];
  return (
    <div className={styles.box}>
      <div>
        <Link as="button" aria-expanded={isShown} onClick={() => setIsShown(!isShown)}>
          <CodeRegular aria-hidden /> {isShown ? t.hide : t.show}
        </Link>
      </div>
      {isShown && (
        <>
          <TabList
            size="small"
            selectedValue={kind}
            onTabSelect={(_, { value }) => setKind(value as typeof kind)}
          >
            {to.stillpoint !== undefined && <Tab value="stillpoint">stillpoint</Tab>}
            <Tab value="az">az</Tab>
            <Tab value="REST">REST</Tab>
          </TabList>
          <pre className={styles.code} tabIndex={0} aria-label={kind}>
            <code>{code}</code>
            <CopyButton of={code} className={styles.copy} />
          </pre>
        </>
      )}
    </div>
  );
}
