// The texts, in English: pages that are loaded by themselves add theirs from files beside this one.

import { account } from './en/account';
import { common } from './en/common';
import { overview } from './en/overview';
import { people } from './en/people';
import { revocation } from './en/revocation';
import { sessions } from './en/sessions';
import { signIn } from './en/sign-in';
import type { Catalogue } from './text';

export const en = {
  ...common,
  ...signIn,
  ...sessions,
  ...overview,
  ...people,
  ...revocation,
  ...account,
} as const satisfies Catalogue;
