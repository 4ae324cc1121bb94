// What every test has: a place for its programs, and pages whose consoles stay clean.
import AxeBuilder from '@axe-core/playwright';
import {
  test as base,
  expect,
  type Browser,
  type BrowserContext,
  type Page,
} from '@playwright/test';
import { Place, type Peer } from './programs';

export { expect };

export type BrowserOf = (options?: Parameters<Browser['newContext']>[0]) => Promise<Page>;

interface Fixtures {
  /** Whether the place is in memory. */
  inMemory: boolean;
  place: Place;
  /** A further browser with nothing in it, as another user's; its console is watched, too. */
  browserOf: BrowserOf;
  /** What is allowed to stand in the console, for tests that break things on purpose. */
  allowed: RegExp[];
}

function watch(page: Page, said: string[]) {
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') said.push(message.text());
  });
  page.on('pageerror', (error) => said.push(String(error)));
}

export const test = base.extend<Fixtures>({
  allowed: async ({}, use) => use([]),
  inMemory: [false, { option: true }],
  place: async ({ inMemory }, use) => {
    const place = new Place(inMemory);
    await use(place);
    await place.end();
  },
  browserOf: async ({ browser, allowed }, use) => {
    const said: string[] = [];
    const contexts: BrowserContext[] = [];
    await use(async (options = {}) => {
      const context = await browser.newContext(options);
      contexts.push(context);
      const page = await context.newPage();
      watch(page, said);
      return page;
    });
    for (const context of contexts) await context.close();
    expect(said.filter((line) => !allowed.some((pattern) => pattern.test(line)))).toEqual([]);
  },
  page: async ({ page, allowed }, use) => {
    const said: string[] = [];
    watch(page, said);
    await use(page);
    expect(said.filter((line) => !allowed.some((pattern) => pattern.test(line)))).toEqual([]);
  },
});

/** Lets a browser in to a peer's page. */
export async function enter(page: Page, peer: Peer, view = '') {
  await page.goto(await peer.link());
  await expect(page.getByRole('navigation')).toBeVisible();
  if (view) await page.goto(`${peer.url}/#/${view}`);
}

/** What axe finds against WCAG 2.1 A and AA, as lines that say where. */
export async function barriersOf(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
    .analyze();
  return violations.flatMap((one) =>
    one.nodes.map((node) => `${one.id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`),
  );
}

/** By how many pixels the page is wider than its window. */
export async function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}
