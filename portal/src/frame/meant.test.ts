import { expect, test } from 'vitest';
import { speak } from '../text/words';
import { SERVICES } from './services';
import { isMeant } from './meant';

const found = (typed: string) => SERVICES.filter((s) => isMeant(s, typed)).map(({ name }) => name);

test('a language that is not loaded is no word for anything', () => {
  expect(found('虛擬機器')).toEqual([]);
  expect(found('Virtual machines')).toContain('machines');
});

test('the source articles’ words find the services in any language (PORTAL-1, 3, 4)', async () => {
  await speak('zh-Hant');
  await speak('zh-Hans');
  for (const typed of ['Virtual machines', '虛擬機器', '虚拟机']) {
    expect(found(typed)).toContain('machines');
  }
  for (const typed of ['Recovery Services', '復原服務保存庫', '恢复服务保管库']) {
    expect(found(typed)).toContain('vaults');
  }
});

test('nothing typed is everything; nonsense is nothing', () => {
  expect(found(' ')).toHaveLength(SERVICES.length);
  expect(found('xyzzy')).toEqual([]);
});
