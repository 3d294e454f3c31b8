// Addresses of ours, written.

/** An address: a path, and what is asked of it. */
export function link(path: string, query: URLSearchParams | Record<string, string> = {}): string {
  const text = new URLSearchParams(query).toString();
  return text ? `${path}?${text}` : path;
}
