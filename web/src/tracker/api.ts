// The tracker's REST.
import { allOf, clientFor, dataOf } from '../api/client';
import type { components, paths } from '../api/generated/tracker';

export const api = clientFor<paths>();

type Schemas = components['schemas'];
export type File = Schemas['File'];
export type User = Schemas['User'];
export type Peer = Schemas['Peer'];
export type Invitation = Schemas['Invitation'];
export type Settings = Got<'/api/v1/settings'>;
export type LoginSession = Schemas['Session'];
export type Now = Schemas['StatisticsNow'];
export type ErrorCounts = Schemas['Errors'];
type Got<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Document } } } };
}
  ? Document
  : never;
export type Page = Got<'/api/v1/page'>;
export type Swarm = Schemas['Swarm'];
export type SwarmNews = Schemas['SwarmNews'];
export type HolderNews = Schemas['HolderNews'];
export type PeerNews = Schemas['PeerNews'];
export type Listening = Schemas['Listening'];
export type Statistics = Got<'/api/v1/statistics'>;
export type SwarmPieces = Awaited<ReturnType<typeof piecesOf>>;
export type Preparing = Schemas['Preparing'] & { user: string; peer: number; address: string };

/** As many as a list's answer may have. */
export const limit = 200;

export type { Items } from '../lib/listing.svelte';

/** What a peer shares; null where the tracker knows no such peer. */
export function sharedBy(address: string): Promise<File[]> {
  return allOf<File>((cursor) =>
    dataOf(api.GET('/api/v1/files', { params: { query: { address, limit, cursor } } })),
  );
}

export async function filesOfTorrent(info_hash: string): Promise<File[]> {
  const query = { info_hash };
  return (await dataOf(api.GET('/api/v1/files', { params: { query } }))).items;
}

/** Throws Problem with 404 where the group has no such torrent. */
export function piecesOf(info_hash: string) {
  const path = { info_hash };
  return dataOf(api.GET('/api/v1/swarms/{info_hash}/pieces', { params: { path } }));
}

export function ping(address: string) {
  const path = { address };
  return dataOf(api.POST('/api/v1/peers/{address}/ping', { params: { path } }));
}

export function unpublish(file: number) {
  return dataOf(api.DELETE('/api/v1/files/{file}', { params: { path: { file } } }));
}

/** Where the browser fetches the torrent, made for who is logged in. */
export function torrentPath(info_hash: string): string {
  return `/api/v1/torrents/${info_hash}`;
}
