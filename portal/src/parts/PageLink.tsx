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
});

export function PageLink(props: {
  to: string;
  className?: string;
  /** For readers of screens, where the words by themselves say too little. */
  label?: string;
  children: ReactNode;
}) {
  return (
    <Link
      href={props.to}
      className={mergeClasses(useStyles().link, props.className)}
      aria-label={props.label}
    >
      {props.children}
    </Link>
  );
}
