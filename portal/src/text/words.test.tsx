import { renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, test } from 'vitest';
import { text as items } from '../areas/items/text';
import { text as frame } from '../frame/text';
import { LanguageContext, useText } from './text';
import { speak, withWords } from './words';

const wrapper = ({ children }: { children: ReactNode }) => (
  <LanguageContext value="zh-Hant">{children}</LanguageContext>
);
const said = () => [
  renderHook(() => useText(frame).home, { wrapper }).result.current,
  renderHook(() => useText(items).showAll, { wrapper }).result.current,
];

test('a language is spoken once it is loaded: the frame first, areas with the first page', async () => {
  const english = [frame.en.home, items.en.showAll];
  expect(said()).toEqual(english);
  await speak('zh-Hant');
  expect(said()[0]).toMatch(/^\p{Script=Han}+$/u);
  expect(said()[1]).toBe(english[1]);
  expect(await withWords(Promise.resolve('page'))).toBe('page');
  expect(said()[1]).toMatch(/^\p{Script=Han}+$/u);
  await speak('zh-Hans');
  expect(said()[1]).toMatch(/^\p{Script=Han}+$/u);
});
