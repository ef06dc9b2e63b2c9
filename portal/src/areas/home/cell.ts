import { makeStyles, tokens } from '@fluentui/react-components';

/** How a cell of the heat map looks: outlined, filled, or filled with a bar, by its tier. */
export const useCellStyles = makeStyles({
  cell: {
    flex: '1 1 0',
    minWidth: '12px',
    maxWidth: '32px',
    height: '20px',
    boxSizing: 'border-box',
    borderRadius: '2px',
    textAlign: 'center',
    fontSize: '10px',
    lineHeight: '18px',
    border: '1px solid transparent',
    backgroundColor: tokens.colorNeutralBackground3,
  },
  failed: {
    backgroundColor: tokens.colorStatusDangerBackground1,
    color: tokens.colorStatusDangerForeground1,
  },
  snapshot: {
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorBrandStroke1}`,
    color: tokens.colorBrandForeground1,
  },
  vault: {
    backgroundColor: tokens.colorBrandBackground2Hover,
    color: tokens.colorBrandForeground2Pressed,
  },
  both: {
    backgroundColor: tokens.colorBrandBackground2Hover,
    color: tokens.colorBrandForeground2Pressed,
    boxShadow: `inset 0 -4px 0 ${tokens.colorBrandBackground}`,
  },
});
