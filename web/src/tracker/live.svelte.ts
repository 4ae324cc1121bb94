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
  'moved',
  'swarms',
  'holders',
  'peers',
] as const;
/** Lists whose changes are told to those alone who watch them. */
type ListName = 'swarms' | 'files' | 'peers';
export type EventType = (typeof types)[number];

type Listener = (data: never) => void;

class Live {
  #listeners = new Map<EventType | 'fresh', Set<Listener>>();
  #feed = new EventFeed(
    () => {
      this.#heard = this.#opened;
      this.#tell('fresh', undefined);
    },
    () => this.onBroken(),
  );
  #wanted = { swarm: '', list: '' };
  /** What is listened to, and what has been heard of already; null: nothing. */
  #opened: string | null = null;
  #heard: string | null = null;

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
    if (this.#heard === this.#path()) load();
    return this.#add('fresh', load);
  }

  open() {
    this.#listen();
  }

  close() {
    this.#opened = null;
    this.#heard = null;
    this.#feed.close();
  }

  /** Hears of this swarm's pieces, too, until the function that is given back is called. */
  follow(infoHash: string): () => void {
    return this.#want('swarm', infoHash);
  }

  /** The same of what changes in a list. Before fresh(), so that it loads when that is heard. */
  watch(list: ListName): () => void {
    return this.#want('list', list);
  }

  #want(name: 'swarm' | 'list', value: string): () => void {
    this.#wanted[name] = value;
    this.#listenSoon();
    return () => {
      if (this.#wanted[name] !== value) return;
      this.#wanted[name] = '';
      this.#listenSoon();
    };
  }

  #path(): string {
    const wanted = Object.entries(this.#wanted).filter(([, value]) => value !== '');
    return '/api/v1/events' + (wanted.length > 0 ? `?${new URLSearchParams(wanted)}` : '');
  }

  /** Once for all that changes when one view gives way to another. */
  #listenSoon() {
    queueMicrotask(() => {
      if (this.#opened !== null && this.#opened !== this.#path()) this.#listen();
    });
  }

  #listen() {
    this.#heard = null;
    this.#opened = this.#path();
    this.#feed.open(this.#opened);
  }

  #add(type: EventType | 'fresh', listener: Listener): () => void {
    const all = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, all);
    all.add(listener);
    return () => all.delete(listener);
  }

  #tell(type: EventType | 'fresh', data: unknown) {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener(data as never);
  }
}

export const live = new Live();
