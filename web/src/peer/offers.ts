// The catalogue as somebody who looks for a file sees it: what several share alike stands there once.
import type { CatalogueFile } from './peer.svelte';

export interface Offer {
  /** As it was shared first. */
  file: CatalogueFile;
  /** Who shares it, the first of them first. */
  users: string[];
  /** Whether one of them is there. */
  online: boolean;
}

/** Files of the same content under the same name, each once, in the order of the catalogue. */
export function offersOf(files: readonly CatalogueFile[]): Offer[] {
  const offers = new Map<string, Offer>();
  for (const file of files) {
    const key = `${file.info_hash} ${file.name}`;
    const offer = offers.get(key);
    if (!offer) {
      offers.set(key, { file, users: [file.user], online: file.online });
      continue;
    }
    if (file.id < offer.file.id) {
      offer.file = file;
      offer.users.unshift(file.user);
    } else {
      offer.users.push(file.user);
    }
    offer.online ||= file.online;
  }
  return [...offers.values()];
}
