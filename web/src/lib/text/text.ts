// Every text that a reader sees is in a catalogue, by what it means, with plural rules where something is counted.

import { en } from './en';

type Forms = { one: string; other: string };
export type Catalogue = Record<string, string | Forms>;
export type Key = keyof typeof en;

const plurals = new Intl.PluralRules('en');
const numbers = new Intl.NumberFormat('en');

/** A number with its thousands apart. */
export function count(n: number): string {
  return numbers.format(n);
}

/** The text of that meaning, its `{names}` filled in. What is counted is `n`. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const entry: string | Forms = en[key];
  const form = plurals.select(Number(values.n)) === 'one' ? 'one' : 'other';
  const text = typeof entry === 'string' ? entry : entry[form];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? count(value) : value;
  });
}
