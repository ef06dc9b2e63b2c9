/** A pane at the right: a form or details beside the page that it was opened from. */
import {
  Button,
  DrawerBody,
  DrawerFooter,
  DrawerHeader,
  DrawerHeaderTitle,
  OverlayDrawer,
  makeStyles,
} from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import type { FormEvent, ReactNode } from 'react';
import { text } from '../frame/text';
import { useText } from '../text/text';
import { useFocusBack } from './useFocusBack';

const useStyles = makeStyles({
  body: { display: 'grid', alignContent: 'start', gap: '16px', paddingBottom: '16px' },
  foot: { flexWrap: 'wrap' },
});

/** The button's click has done it: nothing is sent by the browser. */
function handled(event: FormEvent) {
  event.preventDefault();
  event.stopPropagation();
}

export function Panel(props: {
  title: string;
  size?: 'small' | 'medium' | 'large' | 'full';
  onClose: () => void;
  /** Only its buttons close it: what it shows is not shown again. Once something was typed they do so, too. */
  isKept?: boolean;
  /** The id of the form that its fields are, where Enter is to be a click on a button of the form. */
  form?: string;
  /** Buttons. */
  actions?: ReactNode;
  children: ReactNode;
}) {
  const styles = useStyles();
  const t = useText(text);
  useFocusBack();
  const [isTyped, setIsTyped] = useState(false);
  const isKept = props.isKept ?? isTyped;
  const { form } = props;
  return (
    <OverlayDrawer
      open
      position="end"
      size={props.size ?? 'medium'}
      onOpenChange={(_, { open }) => !open && !isKept && props.onClose()}
    >
      <DrawerHeader>
        <DrawerHeaderTitle
          action={
            <Button
              appearance="subtle"
              aria-label={t.close}
              icon={<DismissRegular />}
              onClick={props.onClose}
            />
          }
        >
          {props.title}
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody onInput={() => setIsTyped(true)}>
        {form === undefined ? (
          <div className={styles.body}>{props.children}</div>
        ) : (
          <form id={form} noValidate className={styles.body} onSubmit={handled}>
            {props.children}
          </form>
        )}
      </DrawerBody>
      {props.actions && <DrawerFooter className={styles.foot}>{props.actions}</DrawerFooter>}
    </OverlayDrawer>
  );
}
