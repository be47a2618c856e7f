/** The candidate a mistyped word most likely meant; undefined when none is near. */
export function closestWord(word: string, candidates: readonly string[]): string | undefined {
  const longestDistance = Math.max(2, Math.floor(word.length / 3))
  let best: string | undefined
  let bestDistance = longestDistance + 1
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** ` (did you mean x?)`, or nothing: the end of a sentence about an unknown name. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const meant = closestWord(word, candidates)
  return meant === undefined ? '' : ` (did you mean ${meant}?)`
}

/** Levenshtein's distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
