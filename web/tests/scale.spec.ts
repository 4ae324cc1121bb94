// Lists that are as long as lists get: how long the first page takes, and that nothing stalls.
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { enter, expect, test } from './fixtures';
import { PASSWORD, until, type Peer, type Tracker } from './programs';

const shared = 2_000;
const published = 10_000;
/** Milliseconds between two frames, on a machine that does other things, too. */
const longestFrame = 250;

/** The longest time between two frames while something is done. */
async function stallIn(page: Page, action: () => Promise<void>): Promise<number> {
  await page.evaluate(() => {
    const measured = window as unknown as { longest: number; stopped: boolean };
    measured.longest = 0;
    measured.stopped = false;
    let before = performance.now();
    const frame = (now: number) => {
      measured.longest = Math.max(measured.longest, now - before);
      before = now;
      if (!measured.stopped) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await action();
  return page.evaluate(() => {
    const measured = window as unknown as { longest: number; stopped: boolean };
    measured.stopped = true;
    return measured.longest;
  });
}

async function scrollThrough(page: Page) {
  const table = page.locator('.virtual-table');
  for (let i = 1; i <= 20; i++) {
    await table.evaluate(
      (element, part) => (element.scrollTop = element.scrollHeight * part),
      i / 20,
    );
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await table.evaluate((element) => (element.scrollTop = 0));
}

/** Publishes the content of one file under thousands of names, as its owner may. */
async function publishMany(tracker: Tracker, peer: Peer) {
  const login = await fetch(`${tracker.url}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'lan', password: PASSWORD }),
  });
  const { token } = (await login.json()) as { token: string };
  const { items } = (await peer.call('GET', '/api/v1/files?limit=1')) as {
    items: { peer: number; info_hash: string }[];
  };
  const one = items[0]!;
  let next = shared;
  const work = async () => {
    while (next < published) {
      const name = `Bài tập số ${next++}`;
      const answer = await fetch(`${tracker.url}/api/v1/files`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
        body: JSON.stringify({
          peer: one.peer,
          name,
          path: `shared/${name}`,
          info_hash: one.info_hash,
        }),
      });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

test('the first page is small and quick', async ({ place, page }) => {
  const peer = await place.peer('lan');
  const sizes: number[] = [];
  page.on('response', (response) => {
    void response
      .request()
      .sizes()
      .then(({ responseBodySize, responseHeadersSize }) =>
        sizes.push(responseBodySize + responseHeadersSize),
      )
      .catch(() => {});
  });
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const link = await peer.link();
    await page.goto('about:blank');
    const begin = Date.now();
    await page.goto(link);
    await expect(page.getByRole('heading', { name: 'Join a group' })).toBeVisible();
    times.push(Date.now() - begin);
    if (i === 0) {
      await page.waitForLoadState('networkidle', { timeout: 1000 }).catch(() => {});
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200 * 1024);
    }
  }
  console.log(`first page: ${sizes.length} answers, ready after ${times.join(', ')} ms`);
  expect(Math.min(...times)).toBeLessThan(1000);
});

test.describe('with thousands of files', () => {
  test.use({ inMemory: true });

  test('10,000 files and 2,000 transfers scroll and filter without a stall', async ({
    place,
    page,
  }) => {
    test.setTimeout(300_000);
    // Thousands of torrents that are announced every two seconds would be what is measured.
    const tracker = await place.tracker('--interval', '120');
    const lan = await place.peer('lan', tracker);
    mkdirSync(place.path('peer-lan', 'shared'), { recursive: true });
    for (let i = 0; i < shared; i++) {
      writeFileSync(place.path('peer-lan', 'shared', `Tài liệu số ${i}.txt`), `nội dung ${i}`);
    }
    await until(async () => {
      const { items } = (await lan.call('GET', '/api/v1/files?limit=1')) as { items: unknown[] };
      return items.length === 1;
    }, 'the first file is published');
    await publishMany(tracker, lan);

    await enter(page, lan);
    await expect(page.getByText(/^10,000 files/)).toBeVisible({ timeout: 120_000 });
    const search = page.getByRole('searchbox');
    const figures: Record<string, number> = {};
    figures.scrollFiles = await stallIn(page, () => scrollThrough(page));
    figures.filterFiles = await stallIn(page, async () => {
      await search.pressSequentially('bai tap 77', { delay: 30 });
      await expect(page.getByRole('status')).toContainText(' of 10,000');
    });
    await search.fill('');
    figures.sortFiles = await stallIn(page, async () => {
      await page.getByRole('button', { name: 'Name' }).click();
      await expect(page.getByRole('columnheader', { name: 'Name' })).toHaveAttribute(
        'aria-sort',
        'ascending',
      );
    });

    await page.getByRole('link', { name: 'Transfers' }).click();
    await expect(page.getByRole('button', { name: /^All 2,000/ })).toBeVisible();
    figures.scrollTransfers = await stallIn(page, () => scrollThrough(page));
    figures.filterTransfers = await stallIn(page, async () => {
      await page.getByRole('searchbox').pressSequentially('lieu 1999', { delay: 30 });
      await expect(page.getByRole('link', { name: 'Tài liệu số 1999.txt' })).toBeVisible();
    });
    console.log('longest time between two frames, in ms:', figures);
    for (const [what, longest] of Object.entries(figures)) {
      expect(longest, what).toBeLessThan(longestFrame);
    }
  });
});
