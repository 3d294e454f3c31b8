// Why an instant of the past cannot be shown, in words.

import { Refused } from '../../lib/api/client';
import { t } from '../../lib/text/text';
import { absolute } from '../../lib/time/time';
import { instant } from './span';

export interface Told {
  title: string;
  why: string;
  /** The first instant that can be shown. */
  earliest?: number;
  /** Whether the same may be shown when it is asked for again. */
  again: boolean;
}

/** The first instant that a refusal says can be shown. */
export function earliestOf(error: unknown): number | undefined {
  if (!(error instanceof Refused) || !error.is('as-of-too-early')) return undefined;
  const { earliest } = error.problem as { earliest?: unknown };
  return typeof earliest === 'string' ? instant(earliest) : undefined;
}

/** What is said of a refusal that is about the instant; `undefined` of all others. */
export function told(error: unknown): Told | undefined {
  if (!(error instanceof Refused)) return undefined;
  switch (error.kind) {
    case 'as-of-too-early': {
      const earliest = earliestOf(error);
      const time = earliest === undefined ? '' : absolute(new Date(earliest));
      const why = t('past.tooEarly.why', { time });
      return {
        title: t('past.tooEarly'),
        why,
        again: false,
        ...(earliest === undefined ? {} : { earliest }),
      };
    }
    case 'as-of-in-the-future':
      return { title: t('past.future'), why: t('past.future.why'), again: true };
    case 'as-of-forgotten':
      return { title: t('past.forgotten'), why: t('past.forgotten.why'), again: false };
    case 'as-of-too-large':
      // Which numbers and which setting, the server says.
      return { title: t('past.tooLarge'), why: error.problem.detail ?? '', again: false };
    case 'as-of-busy':
      return { title: t('past.busy'), why: t('past.busy.why'), again: true };
    default:
      return undefined;
  }
}
