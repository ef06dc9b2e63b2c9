import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import type { Column } from './Table';
import { Table } from './Table';

const COLUMNS: Column<string>[] = [
  { key: 'name', label: 'Name', cell: (row) => row, by: (row) => row },
];

afterEach(cleanup);

const table = (rows: string[], more?: () => void) =>
  render(<Table label="Machines" columns={COLUMNS} rows={rows} id={(row) => row} more={more} />);

test('a list is sorted only once all of it is there', () => {
  const { rerender } = table(['b', 'a'], () => {});
  expect(screen.queryByRole('button', { name: 'Name' })).toBeNull();
  expect(screen.getByRole('columnheader', { name: 'Name' })).toBeTruthy();
  rerender(<Table label="Machines" columns={COLUMNS} rows={['b', 'a']} id={(row) => row} />);
  expect(screen.getByRole('button', { name: 'Name' })).toBeTruthy();
});

test('where a filter leaves no row, more is asked for', () => {
  const more = vi.fn();
  table([], more);
  expect(more).toHaveBeenCalledOnce();
});
