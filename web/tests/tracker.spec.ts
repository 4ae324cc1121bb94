// The tracker's page: from the first start to a group that shares, as administrators, members and
// strangers see it.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { barriersOf, expect, overflowOf, test } from './fixtures';
import { PASSWORD, until, type Peer, type Place, type Tracker } from './programs';

const admin = 'Cô Hạnh';

async function fillAccount(page: Page, name: string, action: string) {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  const again = page.getByLabel('Password, once more');
  if (await again.isVisible()) await again.fill(PASSWORD);
  await page.getByRole('button', { name: action }).click();
}

/** Makes the first administrator by the admin link, in this browser. */
async function setUp(page: Page, tracker: Tracker) {
  await page.goto(tracker.adminLink);
  await fillAccount(page, admin, 'Set up the tracker');
  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
}

async function logIn(page: Page, tracker: Tracker, name: string) {
  await page.goto(tracker.url);
  await fillAccount(page, name, 'Log in');
  await expect(page.getByRole('navigation')).toBeVisible();
}

async function go(page: Page, view: string) {
  await page.getByRole('navigation').getByRole('link', { name: view }).click();
  await expect(page.getByRole('heading', { name: view, level: 1 })).toBeVisible();
}

async function publish(place: Place, peer: Peer, name: string, size: number) {
  const path = place.path(name);
  writeFileSync(path, randomBytes(size));
  await peer.command('publish', path);
}

/** What another client of BitTorrent tells the tracker; the path is its announce address. */
async function announce(
  tracker: Tracker,
  infoHash: string,
  client: { port: number; left: number; path?: string; event?: string },
) {
  const { port, left, path = '/announce', event } = client;
  const hash = infoHash.replace(/../g, '%$&');
  const rest = `peer_id=${'b'.repeat(20)}&port=${port}&left=${left}&uploaded=0&downloaded=0`;
  const sign = path.includes('?') ? '&' : '?';
  const answer = await fetch(
    `${tracker.url}${path}${sign}info_hash=${hash}&${rest}${event ? `&event=${event}` : ''}`,
  );
  expect(await answer.text()).not.toContain('failure');
}

/** A member's announce address. */
async function announcePathOf(tracker: Tracker, username: string): Promise<string> {
  const ask = async (path: string, init: RequestInit) =>
    (await (await fetch(tracker.url + path, init)).json()) as Record<string, string>;
  const { token } = await ask('/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  const me = await ask('/api/v1/me', { headers: { Authorization: `Bearer ${token}` } });
  return me.announce!;
}

test('the admin link makes the first administrator, who logs in again', async ({ place, page }) => {
  const tracker = await place.tracker();
  await setUp(page, tracker);
  // Its code has left the address, and the way back leads to nothing secret.
  expect(page.url()).not.toContain('s=');
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  await logIn(page, tracker, admin);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
  await go(page, 'Take part');
  await expect(page.getByText(/^shoal peer --join/)).toContainText('/join#1/k=');
});

test.describe('an invitation', () => {
  // Revoked, it lets nobody in, and the browser says so, too.
  test.use({ allowed: [/status of 403/] });

  test('with its QR code lets a second browser in, until it is revoked', async ({
    place,
    page,
    browserOf,
  }) => {
    const tracker = await place.tracker();
    await setUp(page, tracker);
    await go(page, 'Invitations');
    await page.getByRole('main').getByRole('button', { name: 'Invite' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('What it is for').fill('Lớp 12A');
    await dialog.getByLabel('For how many people').fill('2');
    await dialog.getByRole('button', { name: 'Invite' }).click();
    await expect(dialog.getByRole('img', { name: 'QR code of the join link' })).toBeVisible();
    const link = (await dialog.getByText(/^http.*\/join#1/).textContent())!.trim();
    await page.keyboard.press('Escape');

    const other = await browserOf();
    await other.goto(link);
    await expect(other.getByText(/^shoal peer --join/)).toContainText(link);
    await fillAccount(other, 'minh', 'Become a member');
    await expect(other.getByRole('heading', { name: 'Files' })).toBeVisible();
    expect(other.url()).not.toContain('i=');
    await expect(other.getByRole('link', { name: 'Members' })).toHaveCount(0);

    // The administrator sees it without doing anything.
    const row = page.getByRole('listitem').filter({ hasText: 'Lớp 12A' });
    await expect(row).toContainText('1 of 2 used');
    await row.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await expect(row).toContainText('revoked');
    await other.getByRole('button', { name: 'Log out' }).click();
    await other.goto(link);
    await fillAccount(other, 'thu', 'Become a member');
    await expect(other.getByRole('alert')).toBeVisible();
  });
});

test.describe('what one administrator does', () => {
  // The member's login ends on purpose.
  test.use({ allowed: [/status of (401|403)/] });

  test('another browser shows at once', async ({ place, page, browserOf }) => {
    const tracker = await place.tracker();
    await setUp(page, tracker);
    const other = await browserOf();
    await other.goto(tracker.joinLink);
    await fillAccount(other, 'lan', 'Become a member');
    await expect(other.getByRole('heading', { name: 'Files' })).toBeVisible();

    await go(page, 'Members');
    await page.getByRole('button', { name: 'Manage lan' }).click();
    await page.getByRole('button', { name: 'Make an administrator' }).click();
    await page.getByRole('button', { name: 'Change the role' }).click();
    await expect(page.getByRole('row', { name: /lan/ })).toContainText('Administrator');
    await page.keyboard.press('Escape');

    await go(other, 'Invitations');
    await go(page, 'Invitations');
    await page.getByRole('main').getByRole('button', { name: 'Invite' }).click();
    await page.getByRole('dialog').getByLabel('What it is for').fill('Mai');
    await page.getByRole('dialog').getByRole('button', { name: 'Invite' }).click();
    const row = other.getByRole('listitem').filter({ hasText: 'Mai' });
    await expect(row).toContainText('good');
    await row.getByRole('button', { name: 'Revoke' }).click();
    await other.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    // Here the link is on display: it says that it is good no more.
    await expect(page.getByRole('dialog')).toContainText('This invitation is revoked.');
    await page.keyboard.press('Escape');

    await go(other, 'Settings');
    await go(page, 'Settings');
    await page.getByRole('radio', { name: 'Nobody' }).check();
    await expect(other.getByRole('radio', { name: 'Nobody' })).toBeChecked();

    await go(page, 'Members');
    await page.getByRole('button', { name: 'Manage lan' }).click();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('dialog').last().getByRole('button', { name: 'Disable' }).click();
    await expect(other.getByRole('heading', { name: 'Log in' })).toBeVisible();
    await expect(other.getByText('You are logged out')).toBeVisible();
  });
});

test('the piece map shows who has what, and the pieces at risk', async ({ place, page }) => {
  const tracker = await place.tracker();
  await setUp(page, tracker);
  const lan = await place.peer('lan', tracker);
  const minh = await place.peer('minh', tracker, '--max-down', '150K');
  await go(page, 'Files');
  const name = '<img src=x onerror=alert(1)>.bin';
  await publish(place, lan, name, 3_000_000);
  // What looks like HTML is a name.
  await page.getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { name })).toBeVisible();
  await expect(page.getByText('pieces are held by one peer alone')).toBeVisible();
  await expect(page.getByRole('img', { name: new RegExp(`${lan.address} has`) })).toBeVisible();

  // While the other peer has a part, that part is at risk no more.
  const fetched = minh.command('fetch', name, place.path('fetched.bin'));
  const part = page.getByRole('img', { name: new RegExp(`${minh.address} has`) });
  await expect(part).toBeVisible();
  await expect(page.getByText('pieces are held by one peer alone')).toBeVisible();
  await page.getByRole('button', { name: `Ping ${minh.address}` }).click();
  await expect(page.getByRole('button', { name: /Ping .* answered after/ })).toBeVisible();
  await minh.call('PATCH', '/api/v1/settings', { max_down: 0 });
  await fetched;
  await expect(page.getByText('every piece is held at least twice')).toBeVisible();

  await go(page, 'Peers');
  await page.getByRole('button', { name: `Discover ${lan.address}` }).click();
  await expect(page.getByRole('dialog').getByRole('link', { name })).toBeVisible();
  await page.getByRole('dialog').getByRole('link', { name }).click();
  await page.getByRole('button', { name: 'Unpublish' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unpublish' }).click();
  // The other peer shares its copy on.
  await expect(page.getByRole('link', { name })).toHaveCount(1);
});

test('a stranger gets nothing', async ({ place, page, request }) => {
  const tracker = await place.tracker();
  await place.peer('lan', tracker);
  for (const path of [
    'files',
    'peers',
    'users',
    'invitations',
    'settings',
    'statistics',
    'events',
  ]) {
    // The tracker's own machine may see the measurements of an open tracker alone.
    const answer = await request.get(`${tracker.url}/api/v1/${path}`);
    expect(answer.status(), path).toBe(401);
  }
  for (const view of ['', '#/files', '#/members', '#/settings', 'join']) {
    await page.goto(`${tracker.url}/${view}`);
    await page.reload();
    await expect(page.getByRole('button', { name: /Log in|Set up/ })).toBeVisible();
    await expect(page.getByRole('navigation')).toHaveCount(0);
  }
});

test('an open tracker shows how it fares, live and without a login', async ({ place, page }) => {
  const tracker = await place.tracker('--access', 'open', '--interval', '60');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(tracker.url);
  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
  await expect(page.getByText('Announces', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Refresh' })).toHaveCount(0);
  await expect(page.getByText('0 seeds, 0 leechers')).toBeVisible();
  await announce(tracker, 'ab'.repeat(20), { port: 1, left: 0 });
  await expect(page.getByText('1 seeds, 0 leechers')).toBeVisible();
  expect(asked.filter((path) => path === '/api/v1/statistics')).toHaveLength(1);

  await go(page, 'Swarms');
  const row = page.getByRole('row', { name: 'ab'.repeat(20) });
  await expect(row.getByRole('cell')).toHaveText([/no name/, '1', '0', '0']);
  await announce(tracker, 'cd'.repeat(20), { port: 1, left: 1 });
  const other = page.getByRole('row', { name: 'cd'.repeat(20) });
  await expect(other.getByRole('cell')).toHaveText([/no name/, '0', '1', '0']);
  await announce(tracker, 'ab'.repeat(20), { port: 2, left: 1 });
  await expect(row.getByRole('cell')).toHaveText([/no name/, '1', '1', '0']);
  expect(asked.filter((path) => path === '/api/v1/swarms')).toHaveLength(1);
});

test('lists follow what other clients do', async ({ place, page }) => {
  const tracker = await place.tracker('--interval', '5');
  await setUp(page, tracker);
  const lan = await place.peer('lan', tracker);
  const minh = await place.peer('minh', tracker);
  await publish(place, lan, 'Bài giảng.bin', 300_000);
  await go(page, 'Files');
  const file = page.getByRole('row', { name: 'Bài giảng.bin' });
  await expect(file.getByRole('cell').nth(2)).toHaveText('1');
  await minh.command('fetch', 'Bài giảng.bin', place.path('fetched.bin'));
  await expect(file.getByRole('cell').nth(2)).toHaveText('2');

  await go(page, 'Swarms');
  const swarm = page.getByRole('row', { name: 'Bài giảng.bin' });
  await expect(swarm.getByRole('cell')).toHaveText([/Bài giảng.bin/, '2', '0', /\d/]);
  const infoHash = (await swarm.locator('.font-monospace').textContent())!;
  const path = await announcePathOf(tracker, 'lan');
  await announce(tracker, infoHash, { port: 7001, left: 1, path });
  await expect(swarm.getByRole('cell').nth(2)).toHaveText('1');
  await announce(tracker, infoHash, { port: 7001, left: 1, path, event: 'stopped' });
  await expect(swarm.getByRole('cell').nth(2)).toHaveText('0');

  await go(page, 'Peers');
  await expect(page.getByRole('row', { name: lan.address })).toContainText('shoal');
  await announce(tracker, infoHash, { port: 7002, left: 1, path });
  const client = page.getByRole('row', { name: '127.0.0.1:7002' });
  await expect(client).toContainText('other client');
  await expect(client).toHaveCount(0, { timeout: 60_000 });
});

test.describe('an administrator', () => {
  // What cannot be done is refused, or not answered, and the browser says so, too.
  test.use({ allowed: [/status of 409|net::ERR_/] });

  test('ends the tracker; the page says so, until it is there again', async ({ place, page }) => {
    const tracker = await place.tracker();
    await setUp(page, tracker);
    await go(page, 'Settings');
    await page.getByRole('button', { name: 'End the tracker' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End the tracker' }).click();
    await expect(page.getByText('The tracker has ended')).toBeVisible();
    await expect(page.getByText('The connection is lost')).toBeVisible();
    await tracker.end();
    await tracker.start();
    await expect(page.getByText('The connection is lost')).toHaveCount(0);
    await expect(page.getByText('The tracker has ended')).toHaveCount(0);
  });

  test('moves the tracker, and the page leads to its new address', async ({
    place,
    page,
    browserOf,
  }) => {
    const tracker = await place.tracker('--interval', '60');
    const other = await place.tracker('--access', 'open');
    await setUp(page, tracker);
    const member = await browserOf({
      locale: 'vi-VN',
      colorScheme: 'dark',
      reducedMotion: 'reduce',
      viewport: { width: 390, height: 844 },
    });
    await member.goto(tracker.url);
    await member.getByLabel('Tên', { exact: true }).fill(admin);
    await member.getByLabel('Mật khẩu').fill(PASSWORD);
    await member.getByRole('button', { name: 'Đăng nhập' }).click();
    await expect(member.getByRole('navigation')).toBeVisible();

    await go(page, 'Settings');
    const form = page.getByRole('region', { name: 'Where the tracker is reached' });
    const here = new URL(tracker.url).host;
    await expect(form).toContainText(here);
    await form.getByLabel('New address').fill(new URL(other.url).host.replace(':', ' '));
    await form.getByRole('button', { name: 'Move' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText(`will listen on ${new URL(other.url).host}`);
    expect(await barriersOf(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await form.getByRole('button', { name: 'Move' }).click();
    await dialog.getByRole('button', { name: 'Move' }).click();
    await expect(form.getByRole('alert')).toContainText('the port is in use (choose another one)');
    await expect(form).toContainText(here);

    await form.getByLabel('New address').fill('127.0.0.1:0');
    await form.getByRole('button', { name: 'Move' }).click();
    await dialog.getByRole('button', { name: 'Move' }).click();
    await expect(page.getByText('The tracker has moved')).toBeVisible();
    await expect(form.getByRole('alert')).toHaveCount(0);
    const link = page.getByRole('link', { name: 'Go to the new address' });
    expect(await barriersOf(page)).toEqual([]);
    await expect(member.getByText('Máy chủ đã chuyển')).toBeVisible();
    expect(await barriersOf(member)).toEqual([]);
    expect(await overflowOf(member)).toBeLessThanOrEqual(0);

    await link.click();
    await expect(form).toContainText(new URL(page.url()).host);
    expect(page.url()).not.toContain(here);
    await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
    await expect(page.getByText('The tracker has moved')).toHaveCount(0);
    await member.getByRole('link', { name: 'Đến địa chỉ mới' }).click();
    await expect(member.getByRole('navigation')).toBeVisible();
  });
});

test('every view is for everybody: phone and desk, light and dark, both languages', async ({
  place,
  page,
  browserOf,
}) => {
  // What is in the middle of a change of colours is judged too early.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const tracker = await place.tracker();
  await setUp(page, tracker);
  const lan = await place.peer('lan', tracker);
  await publish(place, lan, 'Bài giảng.bin', 300_000);
  await page.goto(`${tracker.url}/#/files`);
  await page.getByRole('link', { name: 'Bài giảng.bin' }).click();
  await until(() => page.url().includes('files/'), 'the file has a view');
  const file = page.url().split('#/')[1]!;

  const phone = await browserOf({
    locale: 'vi-VN',
    colorScheme: 'dark',
    reducedMotion: 'reduce',
    viewport: { width: 390, height: 844 },
  });
  await phone.goto(tracker.url);
  await expect(phone.getByRole('heading', { name: 'Đăng nhập' })).toBeVisible();
  expect(await barriersOf(phone)).toEqual([]);
  await phone.getByLabel('Tên', { exact: true }).fill(admin);
  await phone.getByLabel('Mật khẩu').fill(PASSWORD);
  await phone.getByRole('button', { name: 'Đăng nhập' }).click();
  await expect(phone.getByRole('navigation')).toBeVisible();

  const views = 'dashboard files peers swarms members invitations settings start account';
  for (const view of [...views.split(' '), file]) {
    for (const one of [page, phone]) {
      await one.goto(`${tracker.url}/#/${view}`);
      await expect(one.getByRole('heading', { level: 1 })).toBeVisible();
      await expect(one.getByText(/^(Loading…|Đang tải…)$/)).toHaveCount(0);
      expect(await barriersOf(one), view).toEqual([]);
      expect(await overflowOf(one), view).toBeLessThanOrEqual(0);
    }
  }

  // Chosen by hand, language and colours stay.
  await phone.getByLabel('Ngôn ngữ').selectOption('en');
  await phone.getByLabel('Colours').selectOption('light');
  await phone.reload();
  await expect(phone.getByLabel('Language')).toHaveValue('en');
  await expect(phone.locator('html')).toHaveAttribute('data-bs-theme', 'light');
});
