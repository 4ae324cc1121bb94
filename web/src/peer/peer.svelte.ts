// What the page knows of its peer and of the group, kept current by the peer's events.
import { allOf, dataOf, onLoginEnded, useToken } from '../api/client';
import { EventFeed } from '../lib/events.svelte';
import { fold } from '../lib/fold';
import { Listing, type Items } from '../lib/listing.svelte';
import { attempt, notices } from '../lib/notices.svelte';
import {
  api,
  listFiles,
  listItems,
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

async function listCatalogue(cursor: string | undefined): Promise<Items<CatalogueFile>> {
  const page = await listFiles(cursor);
  return { ...page, items: page.items.map(withFolded) };
}

function withFolded(file: GroupFile): CatalogueFile {
  return { ...file, folded: fold(file.name) };
}

class Peer {
  /** Whether this browser was let in; null while that is not known. */
  entered = $state<boolean | null>(null);
  version = $state('');
  status = $state.raw<Status | null>(null);
  items = new Listing<Item>(
    (item) => item.id,
    listItems,
    (error) => notices.error(error),
  );
  byInfoHash = $derived(new Map(this.items.items.map((item) => [item.info_hash, item])));
  /** Bytes a second of everything together. */
  down = $derived(this.items.items.reduce((sum, item) => sum + item.down, 0));
  up = $derived(this.items.items.reduce((sum, item) => sum + item.up, 0));
  files = new Listing<CatalogueFile>(
    (file) => file.id,
    listCatalogue,
    (error) => {
      // A tracker that is away is told by the status; this would say so once more.
      if (this.status?.tracker?.connected) notices.error(error);
    },
  );
  preparing = $state.raw<Preparing[]>([]);
  people = $state.raw<GroupPeer[]>([]);
  /** Of the item that is looked at. */
  details = $state.raw<Details | null>(null);

  feed = new EventFeed(() => void this.#refresh());
  /** A stream of its own, so that looking at another item leaves the rest as it is. */
  #closer = new EventFeed(() => {});
  #watched: number | null = null;
  #peopleDue: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.feed.on<Item>('item', (item) => this.items.put(item));
    this.feed.on<{ id: number }>('removed', ({ id }) => this.items.remove(id));
    this.feed.on<Status>('status', (status) => this.#onStatus(status));
    this.#closer.on<Details>('details', (details) => {
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
    if (!this.entered) return;
    this.feed.open('/api/v1/events');
    this.#look();
  }

  /** This browser is not let in any more. */
  leave() {
    useToken(null);
    this.entered = false;
    this.feed.close();
    this.#closer.close();
  }

  /** Has the peer tell of an item's peers, pieces and files, too; null ends that. */
  watch(item: number | null) {
    if (item === this.#watched) return;
    this.#watched = item;
    this.details = null;
    this.#closer.close();
    this.#look();
  }

  #look() {
    if (this.entered && this.#watched !== null) {
      this.#closer.open(`/api/v1/events?item=${this.#watched}`);
    }
  }

  async refreshStatus() {
    this.#onStatus(await dataOf(api.GET('/api/v1/status')));
  }

  async #refresh() {
    await attempt(async () => {
      this.status = await dataOf(api.GET('/api/v1/status'));
    });
    await this.items.load();
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

  /** Fetches everything that the group has. */
  async refreshGroup() {
    if (!this.status?.tracker?.connected) {
      this.files.clear();
      this.preparing = [];
      this.people = [];
      return;
    }
    await this.files.load();
    await attempt(() => Promise.all([this.#refreshPreparing(), this.refreshPeople()]));
  }

  async #refreshPreparing() {
    this.preparing = await allOf(listPreparing);
  }

  async refreshPeople() {
    this.people = await allOf(listPeople);
  }

  /** A peer came or went, and what it shares with it. */
  #onPerson(address: string, online: boolean) {
    this.files.change((file) => (file.address === address ? { ...file, online } : file));
    // A class that comes in comes at once: one request for all of it.
    this.#peopleDue ??= setTimeout(() => {
      this.#peopleDue = undefined;
      void attempt(() => this.refreshPeople());
    }, 1000);
  }

  #onGroup(event: GroupEvent) {
    switch (event.type) {
      case 'published':
        this.files.put(withFolded(event.data as GroupFile));
        break;
      case 'unpublished':
        this.files.remove((event.data as GroupFile).id);
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
