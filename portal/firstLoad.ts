/** What a browser loads before Home is there, and that it stays small. */
import { gzipSync } from 'node:zlib';
import type { Plugin, Rollup } from 'vite';

/** No more bytes than these, by gzip. */
const MOST = 300_000;

/** What is loaded one after the other, by where it comes from; of the languages the longest. */
const LOADED = [/\/src\/main\.tsx$|\/index\.html$/, /\/frame\/Shell\.tsx$/, /\/home\/Home\.tsx$/];
const WORDS = /virtual:words\/.*\/first$/;

export function firstLoad(): Plugin {
  return {
    name: 'first-load',
    apply: 'build',
    writeBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((one) => one.type === 'chunk');
      const from = (pattern: RegExp) => chunks.filter((c) => pattern.test(c.facadeModuleId ?? ''));
      const roots = LOADED.flatMap((pattern) => {
        const found = from(pattern);
        return found.length ? found : this.error(`no chunk is of ${pattern}`);
      });
      const styles = Object.values(bundle).filter((one) => one.fileName.endsWith('.css'));
      const code = [...closure(roots, bundle)].map(packed);
      const words = Math.max(...from(WORDS).map(packed));
      const sum = [...code, ...styles.map(packed), words].reduce((a, b) => a + b);
      if (sum > MOST) this.error(`the first load is ${sum} bytes by gzip, and may be ${MOST}`);
      this.info(`the first load is ${sum} bytes by gzip`);
    },
  };
}

/** These and all that they import. */
function closure(roots: Rollup.OutputChunk[], bundle: Rollup.OutputBundle) {
  const all = new Set(roots);
  for (const chunk of all) {
    for (const name of chunk.imports) {
      const found = bundle[name];
      if (found?.type === 'chunk') all.add(found);
    }
  }
  return all;
}

const packed = (one: Rollup.OutputChunk | Rollup.OutputAsset) =>
  gzipSync(one.type === 'chunk' ? one.code : one.source, { level: 9 }).length;
