import { Spinner, makeStyles } from '@fluentui/react-components';
import { texts, useText } from '../text/text';

const useStyles = makeStyles({ all: { padding: '48px', minHeight: '160px' } });

const text = texts({
  en: { loading: 'Loading…' },
  'zh-Hant': { loading: '載入中…' },
  'zh-Hans': { loading: '正在加载…' },
});

/** A page or a part of one that is on its way. */
export function Waiting() {
  return <Spinner className={useStyles().all} label={useText(text).loading} delay={300} />;
}
