// What peers answered when they were called, and how long it took.
import { SvelteMap } from 'svelte/reactivity';
import { t } from '../i18n/language.svelte';
import { formatNumber } from '../lib/format';
import { notices } from '../lib/notices.svelte';
import { ping } from './api';

export interface PingState {
  busy: boolean;
  alive?: boolean;
  milliseconds?: number;
  reason?: string;
}

class Pings {
  #states = new SvelteMap<string, PingState>();

  of(address: string): PingState | undefined {
    return this.#states.get(address);
  }

  async ping(address: string) {
    if (this.of(address)?.busy) return;
    this.#states.set(address, { busy: true });
    try {
      const answer = await ping(address);
      this.#states.set(address, {
        busy: false,
        alive: answer.alive,
        milliseconds: answer.round_trip_ms,
        reason: answer.reason,
      });
    } catch (error) {
      this.#states.delete(address);
      notices.error(error);
    }
  }

  /** One after the other in a few rows, so that the tracker is not made to call everybody at once. */
  async pingAll(addresses: readonly string[]) {
    const rest = [...addresses];
    const row = async () => {
      for (let next = rest.shift(); next !== undefined; next = rest.shift()) await this.ping(next);
    };
    await Promise.all(Array.from({ length: 4 }, row));
  }

  time(address: string): string {
    const ms = this.of(address)?.milliseconds ?? 0;
    return ms < 1 ? '< 1 ms' : `${formatNumber(ms)} ms`;
  }

  /** What the answer was, in words; nothing where there is none. */
  words(address: string): string {
    const state = this.of(address);
    if (state?.alive === undefined) return '';
    return state.alive
      ? t('peers.alive', { address, ms: this.time(address).replace(' ms', '') })
      : t('peers.not_alive', { address, reason: state.reason ?? '' });
  }
}

export const pings = new Pings();
