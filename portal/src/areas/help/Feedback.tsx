/** Feedback: what somebody has to say, as a report that they copy or save and pass on themselves. */
import {
  Button,
  Field,
  Radio,
  RadioGroup,
  Textarea,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { SaveRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { VERSION } from '../../api/client';
import { CopyButton } from '../../parts/CopyButton';
import { LOCALE, useLanguage, useText } from '../../text/text';
import { text } from './text';

type Kind = 'problem' | 'wish' | 'praise';

const useStyles = makeStyles({
  form: { display: 'grid', gap: '16px', maxWidth: '720px' },
  report: {
    margin: 0,
    padding: '8px 12px',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
});

export function Feedback() {
  const styles = useStyles();
  const t = useText(text);
  const language = useLanguage();
  const [kind, setKind] = useState<Kind>('problem');
  const [said, setSaid] = useState('');
  const [at] = useState(() => new Date().toISOString());
  const report = [
    `Stillpoint: ${kind}`,
    `At: ${at}`,
    `API: ${VERSION}`,
    `Language: ${LOCALE[language]}`,
    `Browser: ${navigator.userAgent}`,
    `Screen: ${innerWidth} × ${innerHeight}`,
    '',
    said,
  ].join('\n');
  const isNothing = said.trim() === '';
  return (
    <div className={styles.form}>
      <div>{t.feedbackWhy}</div>
      <Field label={t.kind}>
        <RadioGroup value={kind} onChange={(_, { value }) => setKind(value as Kind)}>
          <Radio value="problem" label={t.kinds.problem} />
          <Radio value="wish" label={t.kinds.wish} />
          <Radio value="praise" label={t.kinds.praise} />
        </RadioGroup>
      </Field>
      <Field label={t.say} hint={t.sayHint} required>
        <Textarea
          rows={6}
          resize="vertical"
          value={said}
          onChange={(_, { value }) => setSaid(value)}
        />
      </Field>
      <Field label={t.report}>
        <pre className={styles.report} tabIndex={0} aria-label={t.report}>
          {report}
        </pre>
      </Field>
      <div className={styles.buttons}>
        <CopyButton of={report} label={t.copy} isDisabled={isNothing} appearance="primary" />
        <Button
          disabledFocusable={isNothing}
          icon={<SaveRegular />}
          onClick={() => !isNothing && save(report)}
        >
          {t.save}
        </Button>
      </div>
    </div>
  );
}

/** Gives the browser a file to keep. */
function save(report: string) {
  const url = URL.createObjectURL(new Blob([report], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'stillpoint-feedback.txt';
  link.click();
  URL.revokeObjectURL(url);
}
