// What the search box offers beside what the server knows: examples of what nobody finds by clicking, and what operators say.

import { en } from '../text/en';
import { t, type Key } from '../text/text';

export interface Offer {
  text: string;
  note: string;
}

const noteOf = (text: string): string | undefined =>
  `filter.offer.${text}` in en ? t(`filter.offer.${text}` as Key) : undefined;

/** Offered where a term may begin. */
export const EXAMPLES: readonly Offer[] = ['-ip:10.0.0.0/8', 'version<130', 'login>30d'].map((text) => ({
  text,
  note: noteOf(text) ?? '',
}));

/** A word of the language, with what it means. */
export function explained({ text, meaning }: { text: string; meaning: string }): Offer {
  const contains = text.endsWith('~') ? t('filter.offer.~', { meaning }) : undefined;
  return { text, note: noteOf(text) ?? contains ?? meaning };
}

/** Where the value of a term stands in it. */
export function valueOf(term: string): { from: number; to: number } {
  const operator = /[:~]|[<>]=?/.exec(term);
  return { from: operator ? operator.index + operator[0].length : 0, to: term.length };
}
