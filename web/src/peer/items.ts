// What items are called and count as.
import type { Key } from '../i18n/language.svelte';
import type { Item } from './api';

export type Group = 'all' | 'fetching' | 'sharing' | 'paused' | 'trouble';
export const groups: Group[] = ['all', 'fetching', 'sharing', 'paused', 'trouble'];

/** In which of the groups of the list an item stands. */
export function groupOf(item: Item): Group {
  switch (item.state) {
    case 'sharing':
      return 'sharing';
    case 'paused':
    case 'stopped':
      return 'paused';
    case 'missing':
    case 'changed':
    case 'failed':
      return 'trouble';
    default:
      return 'fetching';
  }
}

export function stateKey(item: Item): Key {
  return `state.${item.state}`;
}

/** Whether it can be set to run. */
export function rests(item: Item): boolean {
  return item.state === 'paused' || item.state === 'stopped' || groupOf(item) === 'trouble';
}
