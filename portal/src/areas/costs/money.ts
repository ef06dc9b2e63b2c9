/** Amounts of money as people write them. */
import { NO_CURRENCY } from '../../api/costs';
import { LOCALE, useLanguage } from '../../text/text';

/** Writes an amount; one without a currency is a dash, since no rates are set then. */
export function useMoney() {
  const locale = LOCALE[useLanguage()];
  return (amount: number, currency: string): string => {
    if (currency === NO_CURRENCY) return '–';
    try {
      return amount.toLocaleString(locale, { style: 'currency', currency });
    } catch {
      // A word that is no currency to the browser.
      return `${amount.toLocaleString(locale, { maximumFractionDigits: 2 })} ${currency}`;
    }
  };
}
