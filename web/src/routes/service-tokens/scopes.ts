// What a service token may be good for, and for how long.

export const SCOPES = [
  'view-device-management',
  'logout-device-management',
  'view-audit',
  'introspect-tokens',
] as const;

/** How long one is good that is made, in the server's words. */
export const LIVES = ['7d', '30d', '90d', '365d'] as const;

/** How long the secret of before stays good. */
export const OVERLAPS = ['0m', '1h', '24h', '7d'] as const;

/** Until when, or how long, something is good: `at` means until the end of a day that is named. */
export type Expiry = (typeof LIVES)[number] | 'keep' | 'at';

/** What is said of it to the server: nothing where it stays as it is. The day ends where the reader is. */
export function expiryFields(expiry: Expiry, day: string): { expires_in?: string; expires_at?: string } {
  if (expiry === 'keep') return {};
  if (expiry === 'at') return { expires_at: new Date(`${day}T23:59:59`).toISOString() };
  return { expires_in: expiry };
}

/** The day that lies so many days ahead, as an input of dates writes it. */
export function dayAhead(days: number, now: Date): string {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** Networks as they were typed, one in a line or with commas between. */
export function networksOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((network) => network !== '');
}

/** Which of them cannot be a network or an address: it is said before a code is asked for. */
export function noNetworks(networks: string[]): string[] {
  return networks.filter(
    (network) => !/^(\d{1,3}(\.\d{1,3}){3}|[\da-f:.]*:[\da-f:.]*)(\/\d{1,3})?$/i.test(network),
  );
}
