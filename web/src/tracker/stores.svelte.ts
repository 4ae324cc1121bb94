// What several views show: files, those being prepared, peers, members and invitations. Each list
// is loaded when a view wants it, and is kept true as long as somebody is logged in.
import { allOf, dataOf } from '../api/client';
import { notices } from '../lib/notices.svelte';
import {
  api,
  limit,
  type File,
  type Invitation,
  type Items,
  type Peer,
  type Preparing,
  type User,
} from './api';
import { Listing } from '../lib/listing.svelte';
import { live } from './live.svelte';

const failed = (error: unknown) => notices.error(error);

export const files = new Listing<File>(
  (file) => file.id,
  (cursor) =>
    dataOf(api.GET('/api/v1/files', { params: { query: { limit, cursor, order: 'newest' } } })),
  failed,
);

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
