/** A link to a page of the portal. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

const useStyles = makeStyles({
  link: {
    color: tokens.colorBrandForegroundLink,
    textDecorationLine: 'none',
    ':hover': { textDecorationLine: 'underline', color: tokens.colorBrandForegroundLinkHover },
  },
  // Among other words color alone would not tell it.
  inText: { textDecorationLine: 'underline' },
  // On the ground of a message the brand's color would be too faint.
  inMessage: {
    color: 'inherit',
    textDecorationLine: 'underline',
    ':hover': { color: 'inherit' },
  },
});

export function PageLink(props: {
  to: string;
  className?: string;
  /** For readers of screens, where the words by themselves say too little. */
  label?: string;
  /** It stands among other words. */
  isInText?: boolean;
  /** It stands on the ground of a message bar. */
  isInMessage?: boolean;
  children: ReactNode;
}) {
  const styles = useStyles();
  return (
    <Link
      href={props.to}
      className={mergeClasses(
        styles.link,
        props.isInText && styles.inText,
        props.isInMessage && styles.inMessage,
        props.className,
      )}
      aria-label={props.label}
    >
      {props.children}
    </Link>
  );
}
