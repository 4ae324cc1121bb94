// The tracker's REST.
import { clientFor } from '../api/client';
import type { components, paths } from '../api/generated/tracker';

export const api = clientFor<paths>();

type Schemas = components['schemas'];
export type File = Schemas['File'];
export type User = Schemas['User'];
export type Peer = Schemas['Peer'];
export type Invitation = Schemas['Invitation'];
