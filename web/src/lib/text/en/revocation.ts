// Ending sessions, saved views and one's own devices.
export const revocation = {} as const;
