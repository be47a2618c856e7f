import { git } from '../../git/git.ts'
import type { Objects } from '../../git/read-objects.ts'

/** Lines of the new file that were added or changed: from and to, both inclusive. */
export type LineRange = readonly [from: number, to: number]

/** Of two contents, whatever attributes their files have. */
export async function changedLines(
  objects: Objects,
  oldId: string,
  newId: string,
): Promise<LineRange[]> {
  const form = ['--unified=0', '--text', '--no-ext-diff', '--no-textconv', '--no-color']
  // All of a new file is new.
  if (/^0+$/.test(oldId)) return [[1, Infinity]]
  const output = await git(['diff', ...form, oldId, newId], objects)
  return [...output.toString('latin1').matchAll(/^@@ -\S+ \+(\d+)(?:,(\d+))? @@/gm)].flatMap(
    ([, start, count = '1']) => {
      const [from, lines] = [Number(start), Number(count)]
      return lines === 0 ? [] : [[from, from + lines - 1] as const]
    },
  )
}
