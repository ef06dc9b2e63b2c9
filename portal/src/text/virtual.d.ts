/** The texts of a language by the files that they are of: made by `words.ts` beside `vite.config.ts`. */
declare module 'virtual:words/*' {
  const words: Record<string, unknown>;
  export default words;
}
