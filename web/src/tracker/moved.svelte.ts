// Whether the tracker has moved away from this page's address, or has ended.
import type { Listening } from './api';
import { live } from './live.svelte';
import { originOf } from './place';

class Moved {
  /** Where it is now; null: still here. */
  to = $state.raw<string | null>(null);
  /** It was ended here, and has not been heard since. */
  ended = $state(false);

  take = (listening: Listening) => {
    const origin = originOf(location, listening);
    this.to = origin === location.origin ? null : origin;
  };

  /** Follows the events; the function that is given back ends that. */
  follow(): () => void {
    const ends = [live.on('moved', this.take), live.fresh(() => (this.ended = false))];
    return () => ends.forEach((end) => end());
  }
}

export const moved = new Moved();
