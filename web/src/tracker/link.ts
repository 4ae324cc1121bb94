// Join and admin links: what stands behind their '#', and what people paste of them.

export interface JoinLink {
  /** The fingerprint of the tracker's key. */
  key: string;
  invitation?: string;
  setup?: string;
}

const code = /^[\w-]{32}$/;

/** Of "#1/k=…/i=…" or a whole link; null: that is none. */
export function parseLink(text: string): JoinLink | null {
  const [version, ...parameters] = text
    .trim()
    .replace(/^[^#]*#/, '')
    .split('/');
  if (version !== '1' || !text.includes('#')) return null;
  const found = new Map(parameters.map((one) => [one.slice(0, 2), one.slice(2)]));
  const key = found.get('k=');
  if (!key) return null;
  const link: JoinLink = { key };
  for (const [mark, name] of [
    ['i=', 'invitation'],
    ['s=', 'setup'],
  ] as const) {
    const value = found.get(mark);
    if (value === undefined) continue;
    if (!code.test(value)) return null;
    link[name] = value;
  }
  return link;
}

/** The code that was pasted: by itself, or with the link around it. */
export function codeOf(text: string, kind: 'invitation' | 'setup'): string | null {
  const plain = text.trim();
  if (code.test(plain)) return plain;
  return parseLink(plain)?.[kind] ?? null;
}

/** The link by which a member's peer finds the tracker. */
export function linkFor(host: string, key: string): string {
  return `http://${host}/join#1/k=${key}`;
}

/** Whether a host of an address is this machine itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

/** As a shell takes it. */
export function peerCommand(link: string): string {
  return `shoal peer --join '${link.replaceAll("'", '')}'`;
}
