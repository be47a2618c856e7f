import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/**
 * Removes a folder an agent had to itself, once nothing of the agent runs any more. By `rm`, which
 * walks folders of any depth and follows no link.
 */
export async function removeTree(dir: string): Promise<void> {
  const run = promisify(execFile)
  const options = { env: { PATH: '/usr/local/bin:/usr/bin:/bin' } }
  const remove = (): Promise<unknown> =>
    run('rm', ['-r', '-f', '--one-file-system', '--', dir], options)
  try {
    await remove()
  } catch {
    // An agent may have closed its folders even to their owner.
    await run('chmod', ['-R', 'u+rwX', '--', dir], options)
    await remove()
  }
}
