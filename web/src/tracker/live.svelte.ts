// The tracker's events, shared by all that is shown.
import { EventFeed } from '../lib/events.svelte';

const types = [
  'published',
  'unpublished',
  'preparing',
  'peer_joined',
  'peer_left',
  'pieces',
  'statistics',
  'user',
  'invitation',
  'settings',
] as const;
export type EventType = (typeof types)[number];

type Listener = (data: never) => void;

class Live {
  #listeners = new Map<EventType | 'fresh', Set<Listener>>();
  #feed = new EventFeed(
    () => this.#tell('fresh', undefined),
    () => this.onBroken(),
  );
  #open = false;
  #heard = false;
  #swarm = '';

  /** Called whenever the events break off. */
  onBroken = () => {};

  constructor() {
    for (const type of types) this.#feed.on(type, (data: never) => this.#tell(type, data));
  }

  get lost(): boolean {
    return this.#feed.lost;
  }

  /** Calls with each such event until the function that is given back is called. */
  on<Data>(type: EventType, listener: (data: Data) => void): () => void {
    return this.#add(type, listener as Listener);
  }

  /**
   * Loads what is shown: at once, and anew whenever events may have been missed. As long as nothing
   * is heard yet it waits, so that nothing is loaded twice.
   */
  fresh(load: () => void): () => void {
    if (this.#heard) load();
    return this.#add('fresh', load);
  }

  open() {
    this.#open = true;
    this.#listen();
  }

  close() {
    this.#open = false;
    this.#heard = false;
    this.#feed.close();
  }

  /** Hears of this swarm's pieces, too, until the function that is given back is called. */
  follow(infoHash: string): () => void {
    this.#swarm = infoHash;
    if (this.#open) this.#listen();
    return () => {
      if (this.#swarm !== infoHash) return;
      this.#swarm = '';
      if (this.#open) this.#listen();
    };
  }

  #listen() {
    this.#heard = false;
    this.#feed.open('/api/v1/events' + (this.#swarm ? `?swarm=${this.#swarm}` : ''));
  }

  #add(type: EventType | 'fresh', listener: Listener): () => void {
    const all = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, all);
    all.add(listener);
    return () => all.delete(listener);
  }

  #tell(type: EventType | 'fresh', data: unknown) {
    if (type === 'fresh') this.#heard = true;
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener(data as never);
  }
}

export const live = new Live();
