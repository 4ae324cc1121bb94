// A server's list that is loaded whole in the background and then kept true by events.
import { pagesOf } from '../api/client';

/** A page of a list, as servers answer it. */
export interface Items<Item> {
  items: Item[];
  next: string | null;
}

/** Changes come in bursts; what is shown follows a moment later. */
const moment = 100;

export class Listing<Item> {
  items = $state.raw<readonly Item[]>([]);
  /** It is being loaded. */
  loading = $state(false);
  /** It has been loaded whole once. */
  complete = $state(false);
  /** It has not been loaded yet, and nothing has kept it from being so. */
  get waiting(): boolean {
    return !this.complete && !this.#failed;
  }

  #items = new Map<string | number, Item>();
  /** What a load that goes on has found so far, and what was removed meanwhile. */
  #incoming: Map<string | number, Item> | null = null;
  #removed = new Set<string | number>();
  #failed = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private keyOf: (item: Item) => string | number,
    private page: (cursor: string | undefined) => Promise<Items<Item>>,
    /** Told when a load has failed. */
    private failed: (error: unknown) => void,
  ) {}

  /** Loads all of it; what was shown stays until then. A load that goes on already is given up. */
  load = async () => {
    const incoming = new Map<string | number, Item>();
    this.#incoming = incoming;
    this.#removed.clear();
    this.loading = true;
    this.#failed = false;
    try {
      for await (const items of pagesOf(this.page)) {
        if (this.#incoming !== incoming) return;
        for (const item of items) this.#take(incoming, item);
        if (!this.complete) this.#show(incoming);
      }
      this.complete = true;
      this.#show(incoming);
    } catch (error) {
      if (this.#incoming !== incoming) return;
      this.#failed = true;
      this.failed(error);
    } finally {
      if (this.#incoming === incoming) {
        this.#incoming = null;
        this.loading = false;
      }
    }
  };

  /** There is nothing to show at present; a load that goes on is given up. */
  clear() {
    this.#incoming = null;
    this.loading = false;
    this.complete = false;
    this.#show(new Map());
  }

  get(key: string | number): Item | undefined {
    return this.#items.get(key);
  }

  /**
   * What a call has answered. An event that came before the answer is newer than it: an item that is
   * there already stays as it is.
   */
  putNew(item: Item) {
    if (!this.#items.has(this.keyOf(item))) this.put(item);
  }

  put(item: Item) {
    const key = this.keyOf(item);
    this.#removed.delete(key);
    this.#items.set(key, item);
    this.#incoming?.set(key, item);
    this.#later();
  }

  remove(key: string | number) {
    if (this.#incoming) this.#removed.add(key);
    this.#items.delete(key);
    this.#incoming?.delete(key);
    this.#later();
  }

  /** Changes all items for which the function gives back another one. */
  change(change: (item: Item) => Item) {
    for (const items of [this.#items, this.#incoming ?? []]) {
      for (const [key, item] of items) {
        const changed = change(item);
        if (changed !== item) this.#items.set(key, changed);
        if (changed !== item) this.#incoming?.set(key, changed);
      }
    }
    this.#later();
  }

  /** An event told of an item after the load had begun: what the load finds of it is older. */
  #take(incoming: Map<string | number, Item>, item: Item) {
    const key = this.keyOf(item);
    if (!incoming.has(key) && !this.#removed.has(key)) incoming.set(key, item);
  }

  #show(items: Map<string | number, Item>) {
    this.#items = items;
    this.items = [...items.values()];
  }

  #later() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.items = [...this.#items.values()];
    }, moment);
  }
}
