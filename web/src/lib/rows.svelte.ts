// A table's rows that change one by one, up to thousands of times a second, and are shown a few
// times a second.

const step = 200; // milliseconds

export class LiveRows<Row> {
  /** All rows, in the order in which they came. */
  list = $state.raw<Row[]>([]);

  #rows = new Map<string | number, Row>();
  #due: ReturnType<typeof setTimeout> | undefined;

  constructor(private keyOf: (row: Row) => string | number) {}

  get(key: string | number): Row | undefined {
    return this.#rows.get(key);
  }

  set(row: Row) {
    this.#rows.set(this.keyOf(row), row);
    this.#publish();
  }

  delete(key: string | number) {
    if (this.#rows.delete(key)) this.#publish();
  }

  /** These rows and no others. */
  replace(rows: Iterable<Row>) {
    this.#rows = new Map();
    for (const row of rows) this.#rows.set(this.keyOf(row), row);
    this.#publish();
  }

  #publish() {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.list = [...this.#rows.values()];
    }, step);
  }
}
