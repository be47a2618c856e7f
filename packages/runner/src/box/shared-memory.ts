import { readFileSync } from 'node:fs'

/**
 * Bytes of memory that processes mapped to share among themselves, counted once and in full. Pages of
 * such a mapping that no process has in view at the moment are resident in none, but take memory until
 * it is unmapped: a box could keep gigabytes there that no resident set shows. What was mapped and
 * never touched counts too, so this is an upper bound.
 */
export function measureSharedMappings(pids: readonly number[]): number {
  const sizes = new Map<string, number>()
  for (const pid of pids) {
    for (const [from, to, inode] of readSharedMappings(pid)) {
      const size = Number(BigInt(`0x${to}`) - BigInt(`0x${from}`))
      sizes.set(inode, Math.max(sizes.get(inode) ?? 0, size))
    }
  }
  return sizes.values().reduce((sum, size) => sum + size, 0)
}

/** Anonymous shared memory shows as the deleted file /dev/zero; it cannot be cut into its parts. */
const sharedMapping = /^([0-9a-f]+)-([0-9a-f]+) ...s \S+ \S+ (\d+)\s+\/dev\/zero \(deleted\)$/gm

function readSharedMappings(pid: number): [from: string, to: string, inode: string][] {
  try {
    const maps = readFileSync(`/proc/${pid}/maps`, 'latin1')
    return [...maps.matchAll(sharedMapping)].map(([, from = '', to = '', inode = '']) => [
      from,
      to,
      inode,
    ])
  } catch {
    return [] // it ended, or made itself unreadable for a runner that is not root
  }
}
