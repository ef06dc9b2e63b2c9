/**
 * Errors as people read them. The server says in English what was wrong and what to do; in
 * other languages cause and remedy come by the code. A code that is not known is shown as sent.
 */
import { createContext, useCallback, useContext } from 'react';
import { ApiError, UNREACHABLE } from '../api/client';
import { texts, useText } from './text';

/** Cause and remedy of a code. */
export type Known = Record<string, readonly [cause: string, remedy: string]>;

/** Causes and remedies in the language that is spoken; empty in English. */
export const KnownErrors = createContext<Known>({});

export interface ErrorText {
  message: string;
  /** What to do, where it is not in the message. */
  remedy?: string;
  /** What the server said of this very case, where the message is a translation by code. */
  detail?: string;
  code: string;
  requestId?: string;
}

const text = texts({
  en: {
    unreachable: 'The server does not answer. Check that it runs and that the network is up.',
    unknown: 'Something went wrong in this page.',
  },
  'zh-Hant': {
    unreachable: '伺服器沒有回應。請確認伺服器正在執行且網路連線正常。',
    unknown: '此頁面發生問題。',
  },
  'zh-Hans': {
    unreachable: '服务器没有响应。请确认服务器正在运行且网络连接正常。',
    unknown: '此页面出现问题。',
  },
});

/** The text of a code with the detail that was sent. */
export function useCodeText() {
  const known = useContext(KnownErrors);
  return useCallback(
    (code: string, sent: string): ErrorText => {
      const found = known[code];
      if (!found) return { message: sent || code, code };
      return { message: found[0], remedy: found[1], detail: sent || undefined, code };
    },
    [known],
  );
}

/** The text of anything that was thrown. */
export function useErrorText() {
  const t = useText(text);
  const codeText = useCodeText();
  return useCallback(
    (error: unknown): ErrorText => {
      if (!(error instanceof ApiError)) {
        const detail = error instanceof Error ? error.message : String(error);
        return { message: t.unknown, detail, code: 'PortalError' };
      }
      if (error.code === UNREACHABLE) return { message: t.unreachable, code: error.code };
      const said = codeText(error.code, error.message || (error.status === 0 ? t.unknown : ''));
      return { ...said, requestId: error.requestId };
    },
    [t, codeText],
  );
}
