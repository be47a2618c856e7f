import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const require = createRequire(import.meta.url)

/** A package of npm's as a registry serves it: packed anew from the one that is installed here. */
export async function packInstalled(name: string) {
  return await packFolder(dirname(require.resolve(`${name}/package.json`)))
}

/** A package as a registry serves it, of what is in a folder. */
export async function packFolder(folder: string) {
  const args = ['-C', folder, '--transform', 's,^\\.,package,', '-czf', '-', '.']
  const packed = await run('tar', args, { encoding: 'buffer', maxBuffer: 16 * 1024 * 1024 })
  const tarball = packed.stdout
  const about = JSON.parse(await readFile(`${folder}/package.json`, 'utf8')) as {
    name: string
    version: string
    bin?: Record<string, string>
  }
  const { name, version, bin = {} } = about
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  return { name, version, bin, tarball, integrity }
}

/** A project that needs one package, as `npm ci` wants it. */
export function projectWith({
  name,
  version,
  integrity,
}: Record<'name' | 'version' | 'integrity', string>) {
  const root = { name: 'sums', version: '1.0.0', dependencies: { [name]: version } }
  const lock = {
    name: 'sums',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: { '': root, [`node_modules/${name}`]: { version, integrity } },
  }
  return { 'package.json': JSON.stringify(root), 'package-lock.json': JSON.stringify(lock) }
}

/** What a registry at `url` answers by path: what it knows of the package, and its files. */
export function registryFiles(
  url: string,
  { name, version, bin, tarball, integrity }: Awaited<ReturnType<typeof packFolder>>,
): Map<string, string | Buffer> {
  const file = `/${name}/-/${name}-${version}.tgz`
  const dist = { tarball: `${url}${file}`, integrity }
  const packument = {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { name, version, bin, dist } },
  }
  return new Map<string, string | Buffer>([
    [`/${name}`, JSON.stringify(packument)],
    [file, tarball],
  ])
}
