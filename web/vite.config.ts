import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// Everything becomes a file of its own: the pages' Content-Security-Policy allows nothing inline.
export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: '../build/web/dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    rollupOptions: { input: { peer: 'peer.html', tracker: 'tracker.html' } },
  },
});
