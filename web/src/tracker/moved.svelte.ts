// Whether the tracker has moved away from this page's address.
import type { Listening } from './api';
import { live } from './live.svelte';
import { originOf } from './place';

class Moved {
  /** Where it is now; null: still here. */
  to = $state.raw<string | null>(null);

  take = (listening: Listening) => {
    const origin = originOf(location, listening);
    this.to = origin === location.origin ? null : origin;
  };

  /** Follows the events; the function that is given back ends that. */
  follow(): () => void {
    return live.on('moved', this.take);
  }
}

export const moved = new Moved();
