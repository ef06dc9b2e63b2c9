/** Work of which no more than so much is done at once; the rest waits for its turn. */
export function pool(most: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= most) await new Promise<void>((turn) => waiting.push(turn));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // Whose turn it is takes the place over.
      if (next) next();
      else running--;
    }
  };
}
