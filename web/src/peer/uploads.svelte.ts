// Files that go from this browser into the peer's shared folder, and are published there.
import { dataOf, problemOf, tokenHeader } from '../api/client';
import type { Dropped } from '../lib/collect';
import { wordsOf } from '../lib/notices.svelte';
import { api } from './api';
import { peer } from './peer.svelte';

const chunk = 4 * 1024 * 1024;

/** One file or folder on its way. */
export class Upload {
  sent = $state(0);
  error = $state('');
  done = $state(false);
  readonly total: number;
  #cancelled = false;
  #id: string | null = null;

  constructor(
    readonly name: string,
    private files: Dropped['files'],
    private replace: boolean,
  ) {
    this.total = files.reduce((sum, { file }) => sum + file.size, 0);
  }

  async run() {
    try {
      const made = await dataOf(
        api.POST('/api/v1/uploads', {
          body: {
            name: this.name,
            files: this.files.map(({ path, file }) => ({ path, size: file.size })),
            replace: this.replace,
          },
        }),
      );
      this.#id = made.id;
      for (const [index, { file }] of this.files.entries()) await this.#send(made.id, index, file);
      if (this.#cancelled) return;
      const item = await dataOf(
        api.POST('/api/v1/uploads/{upload}/complete', { params: { path: { upload: made.id } } }),
      );
      peer.items.putNew(item);
      this.done = true;
    } catch (error) {
      if (this.#cancelled) return;
      this.error = wordsOf(error);
      await this.#forget();
    }
  }

  async cancel() {
    this.#cancelled = true;
    await this.#forget();
  }

  async #send(upload: string, index: number, file: File) {
    for (let offset = 0; offset < file.size && !this.#cancelled; offset += chunk) {
      const part = file.slice(offset, offset + chunk);
      const response = await fetch(`/api/v1/uploads/${upload}/files/${index}?offset=${offset}`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/octet-stream', ...tokenHeader() },
        body: part,
      });
      if (!response.ok) throw problemOf(response, await response.json().catch(() => null));
      this.sent += part.size;
    }
  }

  async #forget() {
    if (this.#id === null) return;
    const upload = this.#id;
    this.#id = null;
    try {
      await dataOf(api.DELETE('/api/v1/uploads/{upload}', { params: { path: { upload } } }));
    } catch {
      // The peer forgets what it hears no more of by itself.
    }
  }
}

class Uploads {
  list = $state<Upload[]>([]);

  start(dropped: Dropped, name: string, replace: boolean) {
    const upload = new Upload(name, dropped.files, replace);
    this.list = [...this.list, upload];
    void upload.run().then(() => {
      if (upload.done) this.remove(upload);
    });
  }

  remove(upload: Upload) {
    this.list = this.list.filter((one) => one !== upload);
  }
}

export const uploads = new Uploads();
