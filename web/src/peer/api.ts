// The peer's REST, and what it passes on from the group's tracker.
import { clientFor, dataOf } from '../api/client';
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
