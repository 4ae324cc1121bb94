import { defineConfig } from '@playwright/test';

// Real programs and a real browser: Debian's Chromium, which is kept from calling home.
export default defineConfig({
  testDir: 'tests',
  outputDir: process.env.SHOAL_RESULTS ?? '../build/web/test-results',
  snapshotPathTemplate: '../docs/pictures/{arg}{ext}',
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    actionTimeout: 20_000,
    locale: 'en-US',
    colorScheme: 'light',
    timezoneId: 'Asia/Ho_Chi_Minh',
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
