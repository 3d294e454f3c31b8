// What a receipt says, line by line: every member of it, in words.

import type { Schemas } from '../api/client';
import { count, t } from '../text/text';
import type { Receipt } from './carry-out';

/** A line of a receipt: a text, an instant, or something to be copied as it is. */
export type Line = { label: string } & ({ text: string } | { at: string } | { code: string });

const ms = (microseconds: number) => count(Math.round(microseconds / 100) / 10);

/** What a revocation did, in sentences. */
export function said(receipt: Receipt, self: boolean): string[] {
  const { ended = 0, already_gone: gone = 0, newer } = receipt;
  return [
    t('receipt.ended', { n: ended }),
    ...(gone > 0 ? [t('receipt.alreadyGone', { n: gone })] : []),
    ...(newer === null ? [t('receipt.newer.unknown')] : newer ? [t('receipt.newer', { n: newer })] : []),
    ...(self ? [t('receipt.self')] : []),
  ];
}

/** All members of a revocation's receipt, and who asked for it. */
export function ofRevocation(receipt: Receipt, by: string): Line[] {
  const lines: (Line | undefined)[] = [
    { label: t('receipt.state'), text: t(`receipt.state.${receipt.state}`) },
    { label: t('receipt.count'), text: count(receipt.count) },
    { label: t('receipt.endedLabel'), text: count(receipt.ended ?? 0) },
    { label: t('receipt.goneLabel'), text: count(receipt.already_gone ?? 0) },
    {
      label: t('receipt.newerLabel'),
      text: typeof receipt.newer === 'number' ? count(receipt.newer) : t('receipt.notCounted'),
    },
    receipt.filter === ''
      ? { label: t('receipt.filter'), text: t('end.filter.all') }
      : { label: t('receipt.filter'), code: receipt.filter },
    receipt.reason === undefined ? undefined : { label: t('receipt.reason'), text: receipt.reason },
    { label: t('receipt.by'), text: by },
    { label: t('receipt.previewedAt'), at: receipt.previewed_at },
    { label: t('receipt.expiresAt'), at: receipt.expires_at },
    receipt.begun_at === undefined ? undefined : { label: t('receipt.begunAt'), at: receipt.begun_at },
    receipt.finished_at === undefined
      ? undefined
      : { label: t('receipt.finishedAt'), at: receipt.finished_at },
    receipt.took_ms === undefined
      ? undefined
      : { label: t('receipt.took'), text: t('receipt.took.ms', { ms: receipt.took_ms }) },
    ...(receipt.lag ?? []).map(({ node, lag_us }) => ({
      label: t('receipt.lag'),
      text: t('receipt.lag.of', { ms: ms(lag_us), node }),
    })),
    stretch(receipt.first_seq, receipt.last_seq),
    ...head(receipt.last_seq, receipt.head_hash),
    { label: t('receipt.digest'), code: receipt.digest },
    { label: t('receipt.id'), code: receipt.id },
  ];
  return lines.filter((line) => line !== undefined);
}

/** All members of a containment's receipt. */
export function ofContainment(done: Schemas['Containment'], username: string, by: string): Line[] {
  return [
    { label: t('contain.user'), text: username },
    { label: t('receipt.by'), text: by },
    { label: t('contain.at'), at: done.at },
    { label: t('contain.sessionsEnded'), text: count(done.sessions_ended) },
    { label: t('contain.tokensEnded'), text: count(done.tokens_ended) },
    stretch(done.ledger?.first, done.ledger?.last) ?? {
      label: t('receipt.ledger'),
      text: t('contain.noEvents'),
    },
    ...head(done.head.seq, done.head.hash),
  ];
}

function stretch(first: number | undefined, last: number | undefined): Line | undefined {
  if (first === undefined || last === undefined) return undefined;
  // Numbers of events are names, and stand without commas, as the command line takes them.
  return {
    label: t('receipt.ledger'),
    text: t('receipt.ledger.of', { first: String(first), last: String(last) }),
  };
}

function head(seq: number | undefined, hash: string | null | undefined): Line[] {
  if (seq === undefined || !hash) return [];
  return [
    { label: t('receipt.hash'), code: hash },
    { label: t('receipt.verify'), code: `rollcall audit verify --expect ${seq}:${hash}` },
  ];
}
