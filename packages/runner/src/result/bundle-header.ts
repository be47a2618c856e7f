/** Longest header read. One line for each of the branches left out, of about 100 bytes. */
export const longestHeaderBytes = 256 * 1024

/** The only ref that is taken from a bundle, whatever else it may offer. */
export const resultRef = 'refs/errand/result'

/**
 * Reads the header of a git bundle (https://git-scm.com/docs/gitformat-bundle), of version 2 and over
 * SHA-1: what our own command in the box makes. Git's own way of fetching from one does not check its
 * objects before git 2.46, so the pack is given to `index-pack` instead.
 */
export function parseBundleHeader(start: Buffer): { length: number; commit: string } | undefined {
  const end = start.indexOf('\n\n')
  if (end === -1) return undefined
  const [signature, ...lines] = start.subarray(0, end).toString('latin1').split('\n')
  if (signature !== '# v2 git bundle') return undefined
  const refs = lines.filter((line) => !line.startsWith('-'))
  const offered = refs.map((line) => /^([0-9a-f]{40}) (.+)$/.exec(line))
  const commit = offered.find((match) => match?.[2] === resultRef)?.[1]
  return commit === undefined ? undefined : { length: end + 2, commit }
}
