// Who uses the page: nobody yet, a member, or an administrator.
import { dataOf, onLoginEnded, useToken } from '../api/client';
import { api, type Page, type User } from './api';
import { browserName } from './browser';
import { parseLink, type JoinLink } from './link';

const keyStorage = 'shoal-tracker-key';

class Session {
  /** What the tracker says of itself and of this browser; null before it has answered. */
  page = $state.raw<Page | null>(null);
  /** The login ended without having been asked to. */
  ended = $state(false);
  /** The link that the page was opened by. */
  link = $state.raw<JoinLink | null>(null);

  constructor() {
    onLoginEnded(() => this.#end());
    addEventListener('hashchange', () => this.#readLink());
    this.#readLink();
  }

  get user(): User | null {
    return this.page?.user ?? null;
  }
  get isAdmin(): boolean {
    return this.user?.role === 'admin';
  }
  /** A tracker without a group: it has no accounts. */
  get isOpen(): boolean {
    return this.page?.accounts === false;
  }
  /** The fingerprint of the tracker's key, if a link has ever told it to this browser. */
  get key(): string | null {
    return this.link?.key ?? localStorage.getItem(keyStorage);
  }

  /** Asks the tracker anew. Throws as dataOf does. */
  async load() {
    const page = await dataOf(api.GET('/api/v1/page'));
    if (this.user && !page.user) this.ended = true;
    useToken(page.token);
    this.page = page;
  }

  async logIn(username: string, password: string) {
    const label = browserName(navigator.userAgent);
    const body = { username, password, label, page: true };
    const login = await dataOf(api.POST('/api/v1/sessions', { body }));
    useToken(login.page_token ?? null);
    this.ended = false;
    this.#forgetLink();
    await this.load();
  }

  /** Makes a member and logs them in. */
  async join(username: string, password: string, invitation: string | undefined) {
    const body = { username, password, invitation };
    await dataOf(api.POST('/api/v1/users', { body }));
    await this.logIn(username, password);
  }

  /** Makes the first administrator and logs them in. */
  async setUp(username: string, password: string, code: string) {
    const body = { username, password, code };
    await dataOf(api.POST('/api/v1/setup', { body }));
    await this.logIn(username, password);
  }

  async logOut() {
    const page = this.page;
    // First, so that nothing asks for what this browser may not see in a moment.
    if (page) this.page = { ...page, user: null };
    try {
      const path = { session: 'current' };
      await dataOf(api.DELETE('/api/v1/sessions/{session}', { params: { path } }));
      useToken(null);
    } finally {
      await this.load();
      this.ended = false;
    }
  }

  /** A member has changed; perhaps it is the one who looks. */
  userChanged(user: User) {
    if (this.page && user.id === this.user?.id) this.page = { ...this.page, user };
  }

  #end() {
    if (!this.page?.user) return;
    useToken(null);
    this.ended = true;
    this.page = { ...this.page, user: null, token: null };
  }

  #readLink() {
    const link = parseLink(location.hash);
    if (!link) return;
    this.link = link;
    localStorage.setItem(keyStorage, link.key);
  }

  /** Its code has done its work: it need not stand in the address any more. */
  #forgetLink() {
    this.link = null;
    if (!parseLink(location.hash)) return;
    history.replaceState(null, '', '/');
    dispatchEvent(new HashChangeEvent('hashchange'));
  }
}

export const session = new Session();
