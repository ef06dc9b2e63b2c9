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
import type { ReactNode } from 'react';
import { text } from '../frame/text';
import { useText } from '../text/text';
import { useFocusBack } from './useFocusBack';

const useStyles = makeStyles({
  body: { display: 'grid', alignContent: 'start', gap: '16px', paddingBottom: '16px' },
  foot: { flexWrap: 'wrap' },
});

export function Panel(props: {
  title: string;
  size?: 'small' | 'medium' | 'large' | 'full';
  onClose: () => void;
  /** Buttons. */
  actions?: ReactNode;
  children: ReactNode;
}) {
  const styles = useStyles();
  const t = useText(text);
  useFocusBack();
  return (
    <OverlayDrawer
      open
      position="end"
      size={props.size ?? 'medium'}
      onOpenChange={(_, { open }) => !open && props.onClose()}
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
      <DrawerBody>
        <div className={styles.body}>{props.children}</div>
      </DrawerBody>
      {props.actions && <DrawerFooter className={styles.foot}>{props.actions}</DrawerFooter>}
    </OverlayDrawer>
  );
}
