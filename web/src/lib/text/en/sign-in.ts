// Signing in, and the second factor asked for in place.
export const signIn = {
  'signIn.title': 'Sign in to Rollcall',
  'signIn.user': 'Username or e-mail',
  'signIn.password': 'Password',
  'signIn.do': 'Sign in',
  'signIn.ended': 'Your session has ended. Sign in again to go on where you were.',
  'signIn.wrong': 'Name or password is wrong.',
  'signIn.locked': 'Too many wrong attempts. Try again {time}.',
  'signIn.insecure':
    'This page came over plain http, so the browser cannot keep a session safely. Open it by https or on localhost; the setting cookies.plain_http allows it all the same.',
  'signIn.code': 'Second factor',
  'signIn.back': 'Other name or password',

  'code.totp': 'Code of your authenticator, or a recovery code',
  'code.mail': 'Code from the mail that we sent you',
  'code.password': 'Your password',
  'code.mailed': 'A code is on its way to your mailbox.',
  'code.wrong':
    'That one is not good. Each code works once; the authenticator shows another every 30 seconds.',
  'code.wrongPassword': 'That is not your password.',
  'code.blocked': 'Too many wrong codes. Try again {time}.',
  'code.confirm': 'Confirm',
  'code.use': 'Use {factor} instead',
  'code.why': 'To {act}, prove that it is you.',
} as const;
