import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vite';
import { firstLoad } from './firstLoad.ts';
import { words } from './words.ts';

/** What can be packed is packed once here, and not at each request. */
function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    writeBundle({ dir = 'dist' }) {
      const folder = join(dir, '_assets');
      for (const name of readdirSync(folder)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const path = join(folder, name);
        const bytes = readFileSync(path);
        writeFileSync(`${path}.br`, brotliCompressSync(bytes));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

/** The server that `npx vite` passes calls on to. */
const server = process.env.STILLPOINT_URL ?? 'https://localhost:8443';

export default defineConfig({
  plugins: [words(), react(), packed(), firstLoad()],
  build: { assetsDir: '_assets', target: 'es2023', modulePreload: { polyfill: false } },
  server: {
    // The list of error codes is read from the documentation.
    fs: { allow: ['.', '../docs'] },
    proxy: { '^/(providers|subscriptions|adfs)': { target: server, secure: false } },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/jsdom.ts'],
  },
} as Parameters<typeof defineConfig>[0]);
