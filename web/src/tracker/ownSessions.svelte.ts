// One's own sessions: where one is logged in.
import { dataOf } from '../api/client';
import { notices } from '../lib/notices.svelte';
import { api, type LoginSession } from './api';

class OwnSessions {
  items = $state.raw<LoginSession[]>([]);

  load = async () => {
    try {
      this.items = (await dataOf(api.GET('/api/v1/sessions'))).items;
    } catch (error) {
      notices.error(error);
    }
  };

  /** Throws as dataOf does. */
  async end(id: number) {
    const path = { session: String(id) };
    await dataOf(api.DELETE('/api/v1/sessions/{session}', { params: { path } }));
    this.items = this.items.filter((one) => one.id !== id);
  }
}

export const ownSessions = new OwnSessions();
