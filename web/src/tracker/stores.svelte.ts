// What several views show: files, those being prepared, peers, members and invitations. Each list
// is loaded when a view wants it, and is kept true as long as somebody is logged in.
import { allOf, dataOf } from '../api/client';
import { notices } from '../lib/notices.svelte';
import {
  api,
  limit,
  type File,
  type HolderNews,
  type Invitation,
  type Items,
  type Peer,
  type PeerNews,
  type Preparing,
  type Swarm,
  type SwarmNews,
  type User,
} from './api';
import { Listing } from '../lib/listing.svelte';
import { live } from './live.svelte';

const failed = (error: unknown) => notices.error(error);

type Held = Pick<File, 'seeds' | 'holders'>;
/** Told of torrents since the list was asked for: a page that was on its way then is older. */
const held = new Map<string, Held>();

export const files = new Listing<File>(
  (file) => file.id,
  async (cursor) => {
    if (cursor === undefined) held.clear();
    const query = { limit, cursor, order: 'newest' } as const;
    const page = await dataOf(api.GET('/api/v1/files', { params: { query } }));
    return { ...page, items: page.items.map((file) => withHeld(file, held)) };
  },
  failed,
);

function withHeld(file: File, news: ReadonlyMap<string, Held>): File {
  const now = news.get(file.info_hash);
  const same = !now || (now.seeds === file.seeds && now.holders === file.holders);
  return same ? file : { ...file, ...now };
}

/** A peer with the moment, in the browser's time, at which it was seen. */
export interface SeenPeer extends Peer {
  seen: number;
}

export const peers = new Listing<SeenPeer>(
  (peer) => peer.address,
  async (cursor) => {
    const page: Items<Peer> = await dataOf(
      api.GET('/api/v1/peers', { params: { query: { limit, cursor } } }),
    );
    return { ...page, items: page.items.map(seenPeer) };
  },
  failed,
);

export const members = new Listing<User>(
  (user) => user.id,
  (cursor) => dataOf(api.GET('/api/v1/users', { params: { query: { limit, cursor } } })),
  failed,
);

export const invitations = new Listing<Invitation>(
  (invitation) => invitation.id,
  (cursor) => dataOf(api.GET('/api/v1/invitations', { params: { query: { limit, cursor } } })),
  failed,
);

export const swarms = new Listing<Swarm>(
  (swarm) => swarm.info_hash,
  (cursor) => dataOf(api.GET('/api/v1/swarms', { params: { query: { limit, cursor } } })),
  failed,
);

class PreparingFiles {
  items = $state.raw<Preparing[]>([]);

  load = async () => {
    try {
      this.items = await allOf<Preparing>((cursor) =>
        dataOf(api.GET('/api/v1/preparing', { params: { query: { limit, cursor } } })),
      );
    } catch (error) {
      failed(error);
    }
  };
}
export const preparing = new PreparingFiles();

function seenPeer(peer: Peer): SeenPeer {
  return { ...peer, seen: Date.now() - peer.seen_seconds_ago * 1000 };
}

function holdersChanged({ complete, changed = [] }: HolderNews) {
  if (!complete) return void files.load();
  const news = new Map(changed.map(({ info_hash, ...counts }) => [info_hash, counts]));
  for (const [infoHash, counts] of news) held.set(infoHash, counts);
  files.change((file) => withHeld(file, news));
}

function swarmsChanged({ complete, changed = [], gone = [] }: SwarmNews) {
  if (!complete) return void swarms.load();
  for (const infoHash of gone) swarms.remove(infoHash);
  for (const swarm of changed) swarms.put(swarm);
}

function peersCame({ complete, joined = [] }: PeerNews) {
  if (!complete) return void peers.load();
  for (const peer of joined) peers.put(seenPeer({ ...peer, seen_seconds_ago: 0 }));
}

/** Follows the events; the function that is given back ends that. */
export function keepTrue(): () => void {
  const ends = [
    live.on('published', (file: File) => {
      files.put(file);
      // What it replaces is told by no event of its own.
      for (const other of files.items) {
        const replaced = other.name === file.name && other.peer === file.peer;
        if (replaced && other.id !== file.id) files.remove(other.id);
      }
    }),
    live.on('unpublished', (file: File) => files.remove(file.id)),
    live.on('peer_joined', (peer: { address: string; user: string }) => {
      peers.put(seenPeer({ ...peer, daemon: true, seen_seconds_ago: 0 }));
      setOnline(peer.address, true);
    }),
    live.on('peer_left', (peer: { address: string }) => {
      peers.remove(peer.address);
      setOnline(peer.address, false);
    }),
    live.on('holders', holdersChanged),
    live.on('swarms', swarmsChanged),
    live.on('peers', peersCame),
    live.on('user', (user: User) => members.put(user)),
    live.on('invitation', (news: Invitation) => {
      // Events carry no codes: that of an invitation which is new here has to be fetched.
      const known = invitations.get(news.id);
      if (!known) return void invitations.load();
      const { code, link } = news.revoked ? {} : (known as Partial<Invitation>);
      invitations.put({ ...news, code, link });
    }),
  ];
  return () => ends.forEach((end) => end());
}

function setOnline(address: string, online: boolean) {
  files.change((file) =>
    file.address === address && file.online !== online ? { ...file, online } : file,
  );
}
