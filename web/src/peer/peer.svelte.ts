// What the page knows of its peer and of the group, kept current by the peer's events.
import { allOf, dataOf, onLoginEnded, pagesOf, Problem, useToken } from '../api/client';
import { EventFeed } from '../lib/events.svelte';
import { fold } from '../lib/fold';
import { attempt, notices } from '../lib/notices.svelte';
import { LiveRows } from '../lib/rows.svelte';
import {
  api,
  listFiles,
  listPeople,
  listPreparing,
  type GroupFile,
  type GroupPeer,
  type Item,
  type ItemFile,
  type ItemPeer,
  type ItemPieces,
  type Preparing,
  type Status,
} from './api';

/** A file of the group's catalogue, with its name as search sees it. */
export type CatalogueFile = GroupFile & { folded: string };

export interface Details {
  id: number;
  peers: ItemPeer[];
  pieces: ItemPieces;
  files: ItemFile[];
}

interface GroupEvent {
  type: string;
  data: never;
}

function withFolded(file: GroupFile): CatalogueFile {
  return { ...file, folded: fold(file.name) };
}

class Peer {
  /** Whether this browser was let in; null while that is not known. */
  entered = $state<boolean | null>(null);
  version = $state('');
  status = $state.raw<Status | null>(null);
  items = new LiveRows<Item>((item) => item.id);
  byInfoHash = $derived(new Map(this.items.list.map((item) => [item.info_hash, item])));
  /** Bytes a second of everything together. */
  down = $derived(this.items.list.reduce((sum, item) => sum + item.down, 0));
  up = $derived(this.items.list.reduce((sum, item) => sum + item.up, 0));
  files = new LiveRows<CatalogueFile>((file) => file.id);
  preparing = $state.raw<Preparing[]>([]);
  people = $state.raw<GroupPeer[]>([]);
  /** Of the item that is looked at. */
  details = $state.raw<Details | null>(null);
  /** Items and catalogue have been fetched at least once. */
  loaded = $state(false);
  catalogueLoaded = $state(false);

  feed = new EventFeed(() => void this.#refresh());
  #watched: number | null = null;
  #generation = 0;
  #peopleDue: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.feed.on<Item>('item', (item) => this.items.set(item));
    this.feed.on<{ id: number }>('removed', ({ id }) => this.items.delete(id));
    this.feed.on<Status>('status', (status) => this.#onStatus(status));
    this.feed.on<Details>('details', (details) => {
      if (details.id === this.#watched) this.details = details;
    });
    this.feed.on<GroupEvent>('group', (event) => this.#onGroup(event));
    onLoginEnded(() => this.leave());
    // A link that is opened where the page is open already.
    addEventListener('hashchange', () => {
      if (location.hash.startsWith('#enter=')) void attempt(() => this.start());
    });
  }

  /** Finds out whether this browser is let in, by a link's code if there is one. */
  async start() {
    const code = /^#enter=([\w-]+)$/.exec(location.hash)?.[1];
    if (code) {
      history.replaceState(null, '', '/#/');
      await attempt(async () => {
        this.#enter(await dataOf(api.POST('/api/v1/page/sessions', { body: { code } })));
      });
    }
    if (!this.entered) this.#enter(await dataOf(api.GET('/api/v1/page')));
  }

  #enter(page: { version: string; token: string | null }) {
    this.version = page.version;
    useToken(page.token);
    this.entered = page.token !== null;
    if (this.entered) this.#listen();
  }

  /** This browser is not let in any more. */
  leave() {
    useToken(null);
    this.entered = false;
    this.feed.close();
  }

  /** Has the peer tell of an item's peers, pieces and files, too; null ends that. */
  watch(item: number | null) {
    if (item === this.#watched) return;
    this.#watched = item;
    this.details = null;
    this.feed.close();
    this.#listen();
  }

  #listen() {
    if (!this.entered) return;
    this.feed.open(
      this.#watched === null ? '/api/v1/events' : `/api/v1/events?item=${this.#watched}`,
    );
  }

  async refreshStatus() {
    this.#onStatus(await dataOf(api.GET('/api/v1/status')));
  }

  async #refresh() {
    await attempt(async () => {
      this.status = await dataOf(api.GET('/api/v1/status'));
      this.items.beginFetch();
      const items = await allOf((cursor) =>
        dataOf(api.GET('/api/v1/items', { params: { query: { limit: 200, cursor } } })),
      );
      this.items.replace(items);
      this.loaded = true;
    });
    await this.refreshGroup();
  }

  #onStatus(status: Status) {
    const before = this.status?.tracker;
    this.status = status;
    const changed =
      before?.url !== status.tracker?.url ||
      before?.user !== status.tracker?.user ||
      (!before?.connected && status.tracker?.connected);
    if (changed) void this.refreshGroup();
  }

  /** Fetches everything that the group has, and shows it portion by portion. */
  async refreshGroup() {
    const generation = ++this.#generation;
    if (!this.status?.tracker?.connected) {
      this.files.replace([]);
      this.preparing = [];
      this.people = [];
      return;
    }
    try {
      this.files.beginFetch();
      const all: CatalogueFile[] = [];
      const pages = pagesOf((cursor) => listFiles(cursor));
      for await (const files of pages) {
        if (generation !== this.#generation) return;
        all.push(...files.map(withFolded));
        if (!this.catalogueLoaded) this.files.replace(all, true);
      }
      this.files.replace(all);
      this.catalogueLoaded = true;
      await Promise.all([this.#refreshPreparing(), this.refreshPeople()]);
    } catch (error) {
      // A tracker that is away is told by the status; this would say so once more.
      if (!(error instanceof Problem) || this.status?.tracker?.connected) notices.error(error);
    }
  }

  async #refreshPreparing() {
    this.preparing = await allOf(listPreparing);
  }

  async refreshPeople() {
    this.people = await allOf(listPeople);
  }

  /** A peer came or went, and what it shares with it. */
  #onPerson(address: string, online: boolean) {
    for (const file of this.files.list) {
      if (file.address === address) this.files.set({ ...file, online });
    }
    // A class that comes in comes at once: one request for all of it.
    this.#peopleDue ??= setTimeout(() => {
      this.#peopleDue = undefined;
      void attempt(() => this.refreshPeople());
    }, 1000);
  }

  #onGroup(event: GroupEvent) {
    switch (event.type) {
      case 'published':
        this.files.set(withFolded(event.data as GroupFile));
        break;
      case 'unpublished':
        this.files.delete((event.data as GroupFile).id);
        break;
      case 'preparing':
        void attempt(() => this.#refreshPreparing());
        break;
      case 'peer_joined':
      case 'peer_left':
        this.#onPerson((event.data as { address: string }).address, event.type === 'peer_joined');
        break;
      case 'reset':
        void this.refreshGroup();
        break;
    }
  }
}

export const peer = new Peer();
