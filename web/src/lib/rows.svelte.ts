// A table's rows that change one by one, up to thousands of times a second, and are shown a few
// times a second.

const step = 200; // milliseconds

export class LiveRows<Row> {
  /** All rows, in the order in which they came. */
  list = $state.raw<Row[]>([]);

  #rows = new Map<string | number, Row>();
  #due: ReturnType<typeof setTimeout> | undefined;
  /** What has changed since the rows began to be fetched anew; null where they are not. */
  #since: Map<string | number, Row | null> | null = null;

  constructor(private keyOf: (row: Row) => string | number) {}

  get(key: string | number): Row | undefined {
    return this.#rows.get(key);
  }

  set(row: Row) {
    this.#rows.set(this.keyOf(row), row);
    this.#since?.set(this.keyOf(row), row);
    this.#publish();
  }

  delete(key: string | number) {
    this.#since?.set(key, null);
    if (this.#rows.delete(key)) this.#publish();
  }

  /**
   * All rows are being fetched anew, which takes a while: replace() will keep what changes from now
   * on, which the rows that were fetched may not have in them yet.
   */
  beginFetch() {
    this.#since = new Map();
  }

  /**
   * These rows and no others, but for what has changed since beginFetch(). `more`: the fetch goes
   * on, and replace() will be called again.
   */
  replace(rows: Iterable<Row>, more = false) {
    this.#rows = new Map();
    for (const row of rows) this.#rows.set(this.keyOf(row), row);
    for (const [key, row] of this.#since ?? []) {
      if (row === null) this.#rows.delete(key);
      else this.#rows.set(key, row);
    }
    if (!more) this.#since = null;
    this.#publish();
  }

  #publish() {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.list = [...this.#rows.values()];
    }, step);
  }
}
