// A server's events, for as long as the page is looked at.

type Handler = (data: never) => void;

/** How long a page in the background keeps listening: browsers allow few streams to one server. */
const patience = 30_000;

/**
 * Follows a stream of server-sent events. It is opened anew when it breaks, and goes on where it
 * broke; where something was missed, `onFresh` is called, and all that is shown has to be fetched
 * again. It is also called when the stream opens for the first time. `onBroken` is called each time
 * the stream breaks or does not open: perhaps whoever listened may do so no more.
 */
export class EventFeed {
  /** The server is not heard at present. */
  lost = $state(false);

  #source: EventSource | null = null;
  #path = '';
  #handlers = new Map<string, Handler>();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #wait = 1000;
  #continuing = false;

  constructor(
    private onFresh: () => void,
    private onBroken: () => void = () => {},
  ) {}

  /** Calls the handler with each event's document. Before open(). */
  on<Data>(type: string, handler: (data: Data) => void) {
    this.#handlers.set(type, handler as Handler);
  }

  /** Listens there from now on. */
  open(path: string) {
    this.#path = path;
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#start();
  }

  close() {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    clearTimeout(this.#rest);
    this.#end();
    this.#path = '';
    this.lost = false;
  }

  #start() {
    this.#end();
    const source = new EventSource(this.#path);
    this.#source = source;
    source.onopen = () => {
      this.lost = false;
      this.#wait = 1000;
      if (!this.#continuing) this.onFresh();
      this.#continuing = true;
    };
    source.onerror = () => {
      this.lost = true;
      this.onBroken();
      if (source !== this.#source) return;
      if (source.readyState !== EventSource.CLOSED) return;
      this.#continuing = false;
      this.#retry = setTimeout(() => this.#start(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, 15_000);
    };
    source.addEventListener('reset', () => this.onFresh());
    for (const [type, handler] of this.#handlers) {
      source.addEventListener(type, (event) => handler(JSON.parse(event.data) as never));
    }
  }

  #end() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
    this.#continuing = false;
  }

  #onVisibility = () => {
    clearTimeout(this.#rest);
    if (document.hidden) {
      this.#rest = setTimeout(() => this.#end(), patience);
    } else if (this.#source === null && this.#path !== '') {
      this.#start();
    }
  };
}
