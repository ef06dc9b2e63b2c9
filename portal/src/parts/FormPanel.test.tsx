import { FluentProvider, webLightTheme } from '@fluentui/react-components';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import { NotificationsProvider } from '../frame/notifications';
import { FormPanel } from './FormPanel';

afterEach(cleanup);

function shown(work: () => Promise<void>) {
  const onClose = vi.fn();
  const client = new QueryClient();
  client.setQueryData(['things', 'one'], 1);
  client.setQueryData(['others'], 1);
  render(
    <FluentProvider theme={webLightTheme}>
      <QueryClientProvider client={client}>
        <NotificationsProvider user="u">
          <FormPanel
            title="Change"
            label="Save"
            told={{ begun: 'begun', done: 'done', failed: 'failed' }}
            work={work}
            touches={['things']}
            needs={undefined}
            onClose={onClose}
          >
            <input aria-label="Name" />
          </FormPanel>
        </NotificationsProvider>
      </QueryClientProvider>
    </FluentProvider>,
  );
  const isOld = (...key: string[]) => client.getQueryState(key)?.isInvalidated;
  return { onClose, isOld };
}

it('does its work when its form is sent, and has read anew what that touches', async () => {
  const work = vi.fn(async () => {});
  const { onClose, isOld } = shown(work);
  const button = screen.getByRole('button', { name: 'Save' });
  // What Enter in a field does is a click on the form's button.
  expect((button as HTMLButtonElement).form).toBe(screen.getByLabelText('Name').closest('form'));
  expect(button.getAttribute('type')).toBe('submit');
  fireEvent.click(button);
  await waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  expect(work).toHaveBeenCalledOnce();
  expect(isOld('things', 'one')).toBe(true);
  expect(isOld('others')).toBe(false);
});

it('stays open and says why when it is refused', async () => {
  const { onClose } = shown(() => Promise.reject(new ApiError(409, 'Conflict', 'It is taken.')));
  fireEvent.click(screen.getByRole('button', { name: 'Save' }));
  await screen.findByRole('alert');
  expect(onClose).not.toHaveBeenCalled();
});

it('is closed by Escape as long as nothing was typed', () => {
  const { onClose } = shown(async () => {});
  const field = screen.getByLabelText('Name');
  fireEvent.input(field, { target: { value: 'x' } });
  fireEvent.keyDown(field, { key: 'Escape' });
  expect(onClose).not.toHaveBeenCalled();
  cleanup();
  const other = shown(async () => {});
  fireEvent.keyDown(screen.getByLabelText('Name'), { key: 'Escape' });
  expect(other.onClose).toHaveBeenCalledOnce();
});
