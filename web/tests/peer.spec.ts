// The peer's page, from the first start to a fetched file.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { barriersOf, enter, expect, overflowOf, test } from './fixtures';
import { PASSWORD, until } from './programs';

async function join(page: import('@playwright/test').Page, link: string, name: string) {
  await page.getByLabel('Join link').fill(link);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Become a member' }).click();
}

test('from the first start to a fetched file by the pages alone', async ({
  place,
  page,
  browserOf,
}) => {
  const tracker = await place.tracker();
  const [lan, minh] = [await place.peer('lan'), await place.peer('minh')];
  await enter(page, lan);
  await join(page, tracker.joinLink, 'lan');
  await expect(page.getByText('Nothing has been shared yet.')).toBeVisible();

  const other = await browserOf();
  await enter(other, minh);
  await join(other, tracker.joinLink, 'minh');
  await expect(other.getByText('Nothing has been shared yet.')).toBeVisible();

  const content = randomBytes(3_000_000);
  const path = place.path('Bài giảng.bin');
  writeFileSync(path, content);
  await page.getByRole('button', { name: 'Share' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Files from this browser').setInputFiles(path);
  await dialog.getByRole('button', { name: 'Share' }).click();

  // The other browser hears of it by itself, and finds it without its marks.
  await expect(other.getByRole('link', { name: 'Bài giảng.bin' })).toBeVisible();
  await other.getByRole('searchbox').fill('bai giang');
  await other.getByRole('button', { name: 'Fetch Bài giảng.bin' }).click();
  await expect(other.getByRole('link', { name: 'Here' })).toBeVisible();
  await until(
    () => readFileSync(`${minh.data}/downloads/Bài giảng.bin`).equals(content),
    'the file is whole',
  );

  // Taken back in one browser, it is gone in the other.
  await page.getByRole('link', { name: 'Transfers' }).click();
  await page.getByRole('button', { name: 'Remove Bài giảng.bin' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await other.getByRole('searchbox').fill('');
  await expect(other.getByText('lan', { exact: true })).toHaveCount(0);
});

test('a folder by its path, with its files chosen, and the piece map', async ({ place, page }) => {
  const tracker = await place.tracker();
  const lan = await place.peer('lan', tracker);
  const minh = await place.peer('minh', tracker, '--max-down', '256K');
  const folder = place.path('Ảnh lớp');
  mkdirSync(`${folder}/tuần 1`, { recursive: true });
  for (const name of ['a.bin', 'b.bin', 'tuần 1/c.bin'])
    writeFileSync(`${folder}/${name}`, randomBytes(1_500_000));

  await enter(page, lan);
  await page.getByRole('button', { name: 'Share' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Or a path').fill(place.folder);
  await dialog.getByRole('button', { name: 'Browse', exact: true }).click();
  await dialog.getByRole('button', { name: 'Ảnh lớp' }).click();
  await dialog.getByRole('button', { name: 'Share' }).click();
  await expect(page.getByRole('link', { name: 'Ảnh lớp' })).toBeVisible();

  await enter(page, minh);
  await page.getByRole('link', { name: 'Ảnh lớp' }).click();
  await expect(page.getByText('lan', { exact: false }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Fetch' }).click();
  await page.getByRole('tab', { name: 'Files' }).click();
  await page.getByRole('checkbox', { name: 'Fetch b.bin' }).uncheck();
  await expect(page.getByRole('checkbox', { name: 'Fetch b.bin' })).not.toBeChecked();
  await page.getByRole('tab', { name: 'Peers' }).click();
  await expect(page.getByRole('cell', { name: /lan/ })).toBeVisible();
  await page.getByRole('tab', { name: 'Pieces' }).click();
  await expect(page.getByRole('img', { name: /Piece map/ })).toBeVisible();

  // Reloaded in the middle of it, the page shows the same transfer, which goes on.
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Ảnh lớp' })).toBeVisible();
  await page.getByRole('button', { name: 'Pause Ảnh lớp' }).click();
  await expect(page.getByText(/Paused/)).toBeVisible();
  await minh.call('PATCH', '/api/v1/settings', { max_down: 0 });
  await page.getByRole('button', { name: 'Resume Ảnh lớp' }).click();
  await expect(page.getByText('Sharing', { exact: true })).toBeVisible();
  await page.getByRole('tab', { name: 'Files' }).click();
  await expect(page.getByRole('row', { name: /a\.bin/ })).toContainText('100 %');
  await expect(page.getByRole('row', { name: /b\.bin/ })).not.toContainText('100 %');
});

test.describe('what is wrong', () => {
  test.use({ allowed: [/status of 422/] });

  test('is said where it was done', async ({ place, page }) => {
    const minh = await place.peer('minh');
    await enter(page, minh);
    await page.getByRole('button', { name: 'Add torrent' }).click();
    await page.getByLabel('Or a magnet link').fill('magnet:?xt=urn:btih:nonsense');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(page.getByRole('dialog').getByRole('alert')).toContainText('magnet');
  });
});

test.describe('when the peer is started anew', () => {
  test.use({
    allowed: [
      /ERR_CONNECTION_REFUSED/,
      /ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|net::ERR/,
    ],
  });

  test('the page says so, and goes on when it is back', async ({ place, page }) => {
    const tracker = await place.tracker();
    const lan = await place.peer('lan', tracker);
    writeFileSync(`${lan.data}/shared/ghi chú.txt`, 'xin chào');
    await enter(page, lan);
    await expect(page.getByRole('link', { name: 'ghi chú.txt' })).toBeVisible();
    await lan.end();
    await expect(page.getByText('The connection is lost.')).toBeVisible();
    writeFileSync(`${lan.data}/shared/mới.txt`, 'mới');
    await lan.start();
    await expect(page.getByText('The connection is lost.')).toBeHidden();
    await expect(page.getByRole('link', { name: 'mới.txt' })).toBeVisible();
  });
});

test('a name made of HTML is text', async ({ place, page }) => {
  const tracker = await place.tracker();
  const lan = await place.peer('lan', tracker);
  const name = '<img src=x onerror=alert(1)><b>đậm';
  writeFileSync(place.path('plain'), 'x');
  await lan.command('publish', place.path('plain'), name);
  page.on('dialog', () => {
    throw new Error('a script of a name has run');
  });
  await enter(page, lan);
  await expect(page.getByRole('link', { name })).toBeVisible();
  await page.getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { name })).toBeVisible();
  await page.goto(`${lan.url}/#/transfers`);
  await expect(page.getByRole('link', { name })).toBeVisible();
  expect(await page.locator('main img, main b').count()).toBe(0);
});

test.describe('without a link', () => {
  test.use({ allowed: [/status of 401/] });

  test('a stranger gets nothing', async ({ place, page, request }) => {
    const tracker = await place.tracker();
    const lan = await place.peer('lan', tracker);
    writeFileSync(`${lan.data}/shared/bí mật.txt`, 'x');
    await page.goto(lan.url);
    await expect(page.getByText('This page belongs to one user')).toBeVisible();
    await expect(page.getByText('bí mật')).toHaveCount(0);
    for (const path of ['status', 'items', 'files', 'peers', 'events', 'folders', 'speeds']) {
      expect((await request.get(`${lan.url}/api/v1/${path}`)).status()).toBe(401);
    }

    // A link lets one browser in, once.
    const link = await lan.link();
    await page.goto(link);
    await expect(page.getByRole('navigation')).toBeVisible();
    const code = new URL(link).hash.slice('#enter='.length);
    const again = await request.post(`${lan.url}/api/v1/page/sessions`, { data: { code } });
    expect(again.status()).toBe(403);
    // The cookie alone changes nothing, and no script sees it.
    expect(await page.evaluate(() => document.cookie)).toBe('');
    const status = await page.evaluate(async () => {
      const answer = await fetch('/api/v1/settings', { method: 'PATCH', body: '{"max_up":1}' });
      return answer.status;
    });
    expect(status).toBe(401);
    // Shut out, it is a stranger again.
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Shut this browser out' }).click();
    await expect(page.getByText('This page belongs to one user')).toBeVisible();
  });
});

test.describe('in Vietnamese', () => {
  test.use({ locale: 'vi-VN', colorScheme: 'dark' });

  test('language and colours follow the browser, until they are chosen', async ({
    place,
    page,
  }) => {
    const lan = await place.peer('lan');
    await enter(page, lan);
    await expect(page.getByRole('heading', { name: 'Tham gia nhóm' })).toBeVisible();
    const html = page.locator('html');
    await expect(html).toHaveAttribute('lang', 'vi');
    await expect(html).toHaveAttribute('data-bs-theme', 'dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await expect(html).toHaveAttribute('data-bs-theme', 'light');
    await page.getByLabel('Ngôn ngữ').selectOption('en');
    await page.getByLabel('Colours').selectOption('dark');
    await page.reload();
    await expect(html).toHaveAttribute('lang', 'en');
    await expect(html).toHaveAttribute('data-bs-theme', 'dark');
  });
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test('everything fits and works', async ({ place, page }) => {
    const tracker = await place.tracker();
    const [lan, minh] = [await place.peer('lan', tracker), await place.peer('minh', tracker)];
    writeFileSync(
      `${lan.data}/shared/một tên rất dài ${'dài '.repeat(20)}.txt`,
      'x'.repeat(100_000),
    );
    await enter(page, minh);
    await page.getByRole('button', { name: /^Fetch/ }).click();
    await page.getByRole('link', { name: 'Here' }).click();
    await expect(page.getByRole('tab', { name: 'Overview' })).toBeVisible();
    for (const view of ['files', 'transfers', 'people', 'settings', 'item/1']) {
      await page.goto(`${minh.url}/#/${view}`);
      await expect(page.locator('main')).not.toBeEmpty();
      expect(await overflowOf(page), view).toBe(0);
    }
  });
});

test("nothing on the page is in anybody's way, in light or dark", async ({ place, page }) => {
  const tracker = await place.tracker();
  const [lan, minh] = [await place.peer('lan', tracker), await place.peer('minh', tracker)];
  writeFileSync(`${lan.data}/shared/đề cương.txt`, 'x'.repeat(100_000));
  await page.goto(minh.url);
  await expect(page.getByRole('heading')).toBeVisible();
  expect(await barriersOf(page)).toEqual([]);
  await enter(page, minh);
  await page.getByRole('button', { name: /^Fetch/ }).click();
  await expect(page.getByRole('link', { name: 'Here' })).toBeVisible();
  const people = `people/${encodeURIComponent(lan.address)}`;
  for (const view of ['files', 'file/1', 'transfers', 'item/1', people, 'settings']) {
    await page.goto(`${minh.url}/#/${view}`);
    await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
    for (const colorScheme of ['light', 'dark'] as const) {
      // Colours that fade into each other would be taken half-way.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await barriersOf(page), `${view} ${colorScheme}`).toEqual([]);
    }
  }
  for (const name of ['Share', 'Add torrent']) {
    await page.getByRole('button', { name, exact: true }).first().click();
    await expect(page.getByRole('dialog')).toBeVisible();
    expect(await barriersOf(page), name).toEqual([]);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  }
});
