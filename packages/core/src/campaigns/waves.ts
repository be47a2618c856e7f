/** The wave of a target by its place, both from 0: the sizes in turn, then all the rest. */
export function waveOf(sizes: readonly number[], place: number): number {
  let end = 0
  for (const [wave, size] of sizes.entries()) {
    end += size
    if (place < end) return wave
  }
  return sizes.length
}
