// The pictures of the documents. They fail where the pages do not look so any more; to take them
// anew: npm --prefix web run pictures
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { enter, expect, test } from './fixtures';
import { PASSWORD, until, type Peer, type Place } from './programs';

/** Addresses, times and speeds differ from run to run, the rest does not. */
const tolerance = { maxDiffPixelRatio: 0.03, threshold: 0.3, animations: 'disabled' as const };

/** The same bytes in every run. */
function bytes(length: number, seed: number): Buffer {
  const content = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    content[i] = state >> 16;
  }
  return content;
}

/** A group with something to see: what three members share, and a fetch on its way. */
async function group(place: Place) {
  const tracker = await place.tracker();
  const lan = await place.peer('lan', tracker, '--max-up', '300K');
  const minh = await place.peer('minh', tracker, '--max-down', '150K');
  const huong = await place.peer('hương', tracker);
  const share = async (peer: Peer, name: string, size: number, seed: number) => {
    const path = place.path(`${seed}`);
    writeFileSync(path, bytes(size, seed));
    await peer.command('publish', path, name);
  };
  const album = place.path('album');
  mkdirSync(album);
  for (let i = 0; i < 6; i++) writeFileSync(`${album}/ảnh ${i + 1}.jpg`, bytes(700_000, 90 + i));
  await lan.command('publish', album, 'Ảnh kỷ yếu');
  await share(lan, 'Bài giảng tuần 1.mp4', 18_000_000, 1);
  await share(lan, 'Đề cương ôn tập.pdf', 420_000, 2);
  await share(huong, 'Dữ liệu thí nghiệm.csv', 2_300_000, 3);
  await share(huong, 'Báo cáo nhóm 4.docx', 180_000, 4);
  await share(minh, 'Phần mềm thực hành.zip', 9_000_000, 5);
  for (const name of ['Đề cương ôn tập.pdf', 'Báo cáo nhóm 4.docx'])
    await minh.command('fetch', name);
  // Half of the album: which pieces of a fetch come first is chance, but not which belong to files.
  const wanted = ['ảnh 1.jpg', 'ảnh 2.jpg', 'ảnh 5.jpg'];
  await minh.call('POST', '/api/v1/downloads', { name: 'Ảnh kỷ yếu', files: wanted });
  await until(
    async () => (await itemOf(minh, 'Ảnh kỷ yếu')).state === 'sharing',
    'the album is there',
  );
  await minh.call('POST', '/api/v1/downloads', { name: 'Bài giảng tuần 1.mp4' });
  return { tracker, minh };
}

async function itemOf(peer: Peer, name: string): Promise<{ state: string; progress: number }> {
  const query = `name=${encodeURIComponent(name)}`;
  const { items } = (await peer.call('GET', `/api/v1/items?${query}`)) as {
    items: { state: string; progress: number }[];
  };
  return items[0]!;
}

async function inBothLanguages(page: Page, name: string, settle: (page: Page) => Promise<void>) {
  for (const language of ['en', 'vi']) {
    await page.locator('#language').selectOption(language);
    await settle(page);
    await page.mouse.move(0, 0);
    await expect(page).toHaveScreenshot(`${name}-${language}.png`, tolerance);
  }
}

test('the main pages look as the documents show them', async ({ place, page, browserOf }) => {
  test.setTimeout(180_000);
  const { tracker, minh } = await group(place);
  const admin = await browserOf({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
  await admin.goto(tracker.adminLink);
  await admin.getByLabel('Name', { exact: true }).fill('thầy Hải');
  await admin.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await admin.getByLabel('Password, once more').fill(PASSWORD);
  await admin.getByRole('button', { name: 'Set up the tracker' }).click();
  await expect(admin.getByRole('navigation')).toBeVisible();

  await until(
    async () => (await itemOf(minh, 'Bài giảng tuần 1.mp4')).progress > 0.2,
    'a fifth has come',
  );
  await enter(page, minh);
  await expect(page.getByRole('link', { name: 'Ảnh kỷ yếu' })).toBeVisible();
  await inBothLanguages(page, 'peer-files', async () => {});
  await page.goto(`${minh.url}/#/transfers`);
  await inBothLanguages(page, 'peer-transfers', async () => {});
  await page.locator('#language').selectOption('en');
  await page.getByRole('link', { name: 'Ảnh kỷ yếu' }).click();
  await page.getByRole('tab', { name: 'Pieces' }).click();
  await expect(page.getByRole('img', { name: /Piece map/ })).toBeVisible();
  await inBothLanguages(page, 'peer-pieces', async () => {});

  await inBothLanguages(admin, 'tracker-dashboard', async (one) => {
    await expect(one.locator('.chart canvas').first()).toBeVisible();
  });
  await admin.goto(`${tracker.url}/#/files`);
  await admin.getByRole('link', { name: 'Ảnh kỷ yếu' }).first().click();
  await inBothLanguages(admin, 'tracker-pieces', async (one) => {
    await expect(one.locator('canvas').first()).toBeVisible();
  });
  await admin.goto(`${tracker.url}/#/members`);
  await inBothLanguages(admin, 'tracker-members', async () => {});
});
