// The columns of the sessions' table.

import type { Column } from '../../lib/table/columns';
import { t } from '../../lib/text/text';

export const COLUMNS: readonly Column[] = [
  { name: 'user', label: t('column.user'), width: 200, sort: 'user' },
  { name: 'name', label: t('column.name'), width: 170, sort: 'name' },
  { name: 'device', label: t('column.device'), width: 170, sort: 'device' },
  { name: 'version', label: t('column.version'), width: 110, sort: 'version' },
  { name: 'type', label: t('column.type'), width: 120, sort: 'type' },
  { name: 'os', label: t('column.os'), width: 150, sort: 'os' },
  { name: 'host', label: t('column.host'), width: 170, sort: 'host' },
  { name: 'ip', label: t('column.ip'), width: 140, sort: 'ip' },
  { name: 'factor', label: t('column.factor'), width: 130 },
  { name: 'login', label: t('column.login'), width: 140, sort: 'login' },
  { name: 'seen', label: t('column.seen'), width: 140, sort: 'seen' },
  { name: 'expires', label: t('column.expires'), width: 150 },
  { name: 'id', label: t('column.id'), width: 180 },
];

/** Those that are shown to who chose none. */
export const FIRST = ['user', 'device', 'os', 'ip', 'host', 'login', 'seen'];

/** What nothing keeps of the past. */
export const PRESENT_ONLY = ['seen', 'factor'];
