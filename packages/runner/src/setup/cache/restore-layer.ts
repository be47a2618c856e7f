import { pipeline } from 'node:stream/promises'

import { requireWithinLimits } from '../../agent/exit.ts'
import { type Box, boxPaths } from '../../box/index.ts'
import type { Run } from '../../run/run.ts'
import type { HandedOn } from '../handed-on.ts'
import type { Tree } from '../read-tree.ts'
import { openLayer, removeLayer } from './layer-store.ts'

/**
 * Puts the results of the steps in place that an earlier session has kept. Undefined where there are none
 * that fit: then the steps have to run.
 *
 * @throws SessionFailed where the box went over a limit
 */
export async function restoreLayer(
  run: Run,
  box: Box,
  key: string,
  tree: Tree,
): Promise<HandedOn | undefined> {
  await using layer = await openLayer(run.context, key)
  if (layer === undefined) return undefined
  const { about } = layer
  const changed = Object.entries(about.changed)
  // The files of another state would undo what has changed since.
  if (changed.some(([path, blob]) => (tree.blobs.get(path) ?? '') !== blob)) return undefined
  const startedAt = performance.now()
  const isWhole =
    (await removeReplaced(
      run,
      box,
      changed.map(([path]) => path),
    )) && (await unpack(run, box, layer.read()))
  if (!isWhole) {
    await removeLayer(run.context, key)
    await run.say(
      'The results of the setup steps that were kept cannot be unpacked: the steps run again.',
      'warning',
    )
    return undefined
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const made = about.created_at.slice(0, 16).replace('T', ' ')
  await run.say(
    `The ${about.steps} setup steps need not run: their results, kept since ${made} UTC, were unpacked in ${seconds} s`,
  )
  return { variables: about.variables, paths: about.paths, masks: [] }
}

/** What is in the layer in another form than in any clone. The rest of a checkout is never written over. */
async function removeReplaced(run: Run, box: Box, changed: readonly string[]): Promise<boolean> {
  const paths = [...changed, '.git/config', `${boxPaths.home}/.gitconfig`]
  const result = await box.run('xargs', ['-0', 'rm', '-f', '--'], {
    input: paths.map((path) => `${path}\0`).join(''),
    timeoutMs: 60_000,
    maxOutputBytes: 4096,
  })
  run.signal.throwIfAborted()
  requireWithinLimits(result, run.context.settings.sandbox)
  return result.code === 0
}

/**
 * Files that are there already stay as they are: a branch may have got one of its own where the steps leave
 * one.
 */
const unpackArguments = [
  ['--extract', '--file', '-', '--directory', '/'],
  ['--skip-old-files', '--preserve-permissions', '--no-same-owner'],
].flat()

const longestUnpackMs = 10 * 60_000

async function unpack(run: Run, box: Box, archive: AsyncIterable<Buffer>): Promise<boolean> {
  const program = await box.spawn('tar', unpackArguments, { env: {}, forwards: [] })
  program.stdout.resume()
  program.stderr.resume()
  const timer = setTimeout(() => program.kill('SIGKILL'), longestUnpackMs)
  // A spoilt file or a tar that ended early: either is told by the end.
  const isRead = await pipeline(archive, program.stdin).then(
    () => true,
    () => {
      program.kill('SIGKILL')
      return false
    },
  )
  const exit = await program.exited
  clearTimeout(timer)
  run.signal.throwIfAborted()
  requireWithinLimits(exit, run.context.settings.sandbox)
  return isRead && exit.code === 0
}
