import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually } from '../../test/support/eventually.ts'
import { freePort } from '../../test/support/free-port.ts'
import type { Place } from './client.ts'

export const portkeyVersion = '1.15.2'

/** Installs the peer into a folder, and starts it. It is a program with no library entry. */
export async function startPortkey(
  folder: string,
  upstreamUrl: string,
): Promise<{ place: Place; child: ChildProcess }> {
  await writeFile(join(folder, 'package.json'), '{"private":true}')
  const install = [
    'install',
    '--ignore-scripts',
    '--no-audit',
    `@portkey-ai/gateway@${portkeyVersion}`,
  ]
  await promisify(execFile)('npm', install, { cwd: folder })
  const port = await freePort()
  const program = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js')
  const preload = fileURLToPath(new URL('portkey-preload.cjs', import.meta.url))
  const args = ['--require', preload, program, '--headless', `--port=${port}`]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' })
  await eventually(
    async () => {
      await fetch(`http://127.0.0.1:${port}/`)
    },
    { timeoutMs: 30_000, what: 'the start of Portkey' },
  )
  const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `${upstreamUrl}/v1` }
  return { place: { port, path: '/v1/chat/completions', headers }, child }
}
