// The peer's REST, and what it passes on from the group's tracker.
import { clientFor, dataOf } from '../api/client';
import type { Items } from '../lib/listing.svelte';
import type { components, paths } from '../api/generated/peer';
import type {
  components as TrackerComponents,
  paths as TrackerPaths,
} from '../api/generated/tracker';

export const api = clientFor<paths>();
/** Calls of the tracker's that the peer passes on. */
export const group = clientFor<TrackerPaths>();

type Answer<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Data } } } };
}
  ? Data
  : never;

export type Item = components['schemas']['Item'];
export type Status = components['schemas']['Status'];
export type ItemFile = Answer<'/api/v1/items/{item}/files'>['items'][number];
export type ItemPeer = Answer<'/api/v1/items/{item}/peers'>['items'][number];
export type ItemPieces = Answer<'/api/v1/items/{item}/pieces'>;
export type Speeds = Answer<'/api/v1/speeds'>;
export type Folder = Answer<'/api/v1/folders'>;

export type GroupFile = TrackerComponents['schemas']['File'];
export type Preparing = TrackerComponents['schemas']['Preparing'] & {
  user: string;
  peer: number;
  address: string;
};
export type GroupPeer = TrackerComponents['schemas']['Peer'];

export function setState(item: number, state: 'running' | 'paused' | 'stopped'): Promise<Item> {
  return dataOf(api.PATCH('/api/v1/items/{item}', { params: { path: { item } }, body: { state } }));
}

/** The group's files, or those of one peer. */
export function listFiles(cursor: string | undefined, address?: string): Promise<Items<GroupFile>> {
  const query = { limit: 200, cursor, address };
  return dataOf(group.GET('/api/v1/files', { params: { query } }));
}

/** Files that are being hashed and will be shared. */
export function listPreparing(cursor: string | undefined): Promise<Items<Preparing>> {
  const query = { limit: 200, cursor };
  return dataOf(group.GET('/api/v1/preparing', { params: { query } })) as Promise<Items<Preparing>>;
}

/** Who is there. */
export function listPeople(cursor: string | undefined): Promise<Items<GroupPeer>> {
  const query = { limit: 200, cursor };
  return dataOf(group.GET('/api/v1/peers', { params: { query } }));
}

/** What this peer shares and fetches. */
export function listItems(cursor: string | undefined): Promise<Items<Item>> {
  return dataOf(api.GET('/api/v1/items', { params: { query: { limit: 200, cursor } } }));
}
