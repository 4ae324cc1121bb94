// Where a tracker that has moved is found.
import type { Listening } from './api';
import { isLoopback } from './link';

/** Of `HOST:PORT`; an IPv6 address stands in brackets. */
function hostOf(listening: string): string {
  return listening.slice(0, listening.lastIndexOf(':'));
}

/** Whether who calls this host is answered there; a name may be any address. */
function leadsTo(hostname: string, host: string): boolean {
  const v6 = hostname.startsWith('[');
  const v4 = /^\d+(\.\d+){3}$/.test(hostname);
  if (host === '0.0.0.0') return !v6;
  if (host === '[::]') return !v4;
  return host === hostname || (hostname === 'localhost' && isLoopback(host));
}

export interface Here {
  protocol: string;
  hostname: string;
}

/**
 * The origin at which the page is found when the tracker listens there: by the host that it was
 * opened by where that still leads to the tracker, so that its login stays good.
 */
export function originOf(here: Here, { listen, address }: Listening): string {
  const same = listen.find((one) => leadsTo(here.hostname, hostOf(one)));
  const host = same ? here.hostname + same.slice(same.lastIndexOf(':')) : address;
  return new URL(`${here.protocol}//${host}`).origin;
}

/** Whether a browser that opened the page elsewhere cannot reach an origin: it is its own machine's. */
export function isOutOfReach(here: Here, origin: string): boolean {
  return isLoopback(new URL(origin).hostname) && !isLoopback(here.hostname);
}

/** What was typed as shells take it, too: `IP PORT`. */
export function cleanAddress(text: string): string {
  return text.trim().replace(/\s+/, ':');
}
