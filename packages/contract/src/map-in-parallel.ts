/** `Promise.all` over items, with so many at work at a time. The first failure is thrown. */
export async function mapInParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const rest = items.entries()
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const [index, item] of rest) results[index] = await map(item)
  })
  await Promise.all(workers)
  return results
}
