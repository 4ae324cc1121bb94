// The one way to a server's REST: typed by its OpenAPI file, with the token that changes need.
import createClient, { type Middleware } from 'openapi-fetch';

/** An answer that is no success, in words for people (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    /** The members of the problem document. */
    readonly document: Record<string, unknown> = {},
  ) {
    super(detail);
  }
}

let token: string | null = null;

/** The token for changes; null when nobody is logged in. */
export function useToken(value: string | null) {
  token = value;
}

let loginEnded = () => {};
/** Called when the server says that this browser is not logged in any more. */
export function onLoginEnded(listener: () => void) {
  loginEnded = listener;
}

/** The header that changes need, for requests that no client below makes. */
export function tokenHeader(): Record<string, string> {
  return token === null ? {} : { 'X-Shoal-Token': token };
}

const carryToken: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET' && token !== null) request.headers.set('X-Shoal-Token', token);
    return request;
  },
};

/** A client for the calls that an OpenAPI file describes. */
export function clientFor<Paths extends object>() {
  const client = createClient<Paths>({ baseUrl: location.origin });
  client.use(carryToken);
  return client;
}

/** What a problem document says, as an error. */
export function problemOf(response: Response, document: unknown): Problem {
  const members = (typeof document === 'object' && document !== null ? document : {}) as Record<
    string,
    unknown
  >;
  const detail = typeof members.detail === 'string' ? members.detail : response.statusText;
  if (response.status === 401) loginEnded();
  return new Problem(response.status, detail, members);
}

/** The data of an answer. Throws Problem, or TypeError when the server is not reached. */
export async function dataOf<Data>(
  answer: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problemOf(response, error);
  return data as Data;
}

/** All items of a list that is answered page by page, a page at a time. */
export async function* pagesOf<Item>(
  page: (cursor: string | undefined) => Promise<{ items: Item[]; next: string | null }>,
): AsyncGenerator<Item[]> {
  let cursor: string | undefined;
  do {
    const { items, next } = await page(cursor);
    yield items;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
}

/** The same in one array. */
export async function allOf<Item>(
  page: (cursor: string | undefined) => Promise<{ items: Item[]; next: string | null }>,
  most = 50_000,
): Promise<Item[]> {
  const all: Item[] = [];
  for await (const items of pagesOf(page)) {
    all.push(...items);
    if (all.length >= most) break;
  }
  return all;
}
