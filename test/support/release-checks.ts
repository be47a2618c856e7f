import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { tryRun } from './run.ts'
import type { releaseHistories } from './release-histories.ts'

/** What each ecosystem's own tool says of a checkout of the version. */
export const releaseChecks: Readonly<
  Record<keyof typeof releaseHistories, (folder: string, version: string) => Promise<void>>
> = {
  'npm workspaces': checkNpm,
  'a Cargo workspace': checkCargo,
  'a pyproject': checkPyproject,
  'a Maven build': checkMaven,
  // git and the texts are looked at for every kind; there is no tool of these to ask.
  'plain tags': () => Promise.resolve(),
  'no tags': () => Promise.resolve(),
}

async function checkNpm(folder: string, version: string): Promise<void> {
  const before = await readFile(join(folder, 'package-lock.json'), 'utf8')
  const npm = ['install', '--package-lock-only', '--offline', '--ignore-scripts', '--no-audit']
  if ((await ask('npm', npm, folder)) === undefined) return
  const listed = await ask('npm', ['ls', '--json', '--package-lock-only'], folder)

  expect(await readFile(join(folder, 'package-lock.json'), 'utf8')).toBe(before)
  expect(JSON.parse(listed ?? '')).toMatchObject({
    version,
    dependencies: {
      lantern: { version, dependencies: { '@lantern/core': { version } } },
      '@lantern/core': { version },
    },
  })
}

async function checkCargo(folder: string, version: string): Promise<void> {
  const args = ['metadata', '--offline', '--locked', '--format-version=1']
  const said = await ask('cargo', args, folder)
  if (said === undefined) return
  const { packages } = JSON.parse(said) as { packages: { name: string; version: string }[] }

  expect(packages.map((p) => `${p.name} ${p.version}`).toSorted()).toEqual([
    `moss ${version}`,
    `moss-core ${version}`,
  ])
}

async function checkPyproject(folder: string, version: string): Promise<void> {
  const script = [
    'import tomllib',
    'print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])',
    'scope = {}',
    'exec(open("src/paper_boat/__init__.py").read(), scope)',
    'print(scope["__version__"])',
  ].join('\n')
  const said = await ask('python3', ['-c', script], folder)
  if (said !== undefined) expect(said).toBe(`${version}\n${version}\n`)
}

async function checkMaven(folder: string, version: string): Promise<void> {
  const script = [
    'import sys, xml.etree.ElementTree as tree',
    'ns = {"m": "http://maven.apache.org/POM/4.0.0"}',
    'print(tree.parse("pom.xml").findtext("m:version", namespaces=ns))',
    'for module in ("quay", "crane"):',
    '    print(tree.parse(module + "/pom.xml").findtext("m:parent/m:version", namespaces=ns))',
  ].join('\n')
  const said = await ask('python3', ['-c', script], folder)
  if (said !== undefined) expect(said).toBe(`${version}\n${version}\n${version}\n`)
  // Without a network it knows the modules and their parents; `crane` wants a rope nobody has.
  await ask('mvn', ['-o', '-q', '-B', 'validate'], folder)
}

/**
 * What a tool says; undefined, and said so, where the machine has no such tool. One that cannot tell
 * its version, as cargo's launcher without a toolchain, is none.
 */
async function ask(
  tool: string,
  args: readonly string[],
  folder: string,
): Promise<string | undefined> {
  const home = process.env.HOME ?? ''
  const env = { HOME: home, npm_config_update_notifier: 'false' }
  const run = async (given: readonly string[]) =>
    await tryRun('env', [tool, ...given], { cwd: folder, env })
  if ((await run(['--version'])).code !== 0) {
    process.stderr.write(`${tool} is not on this machine: its check is left out\n`)
    return undefined
  }
  const { code, stdout, stderr } = await run(args)
  if (code !== 0)
    throw new Error(`${tool} ${args.join(' ')} ended with ${code}\n${stderr || stdout}`)
  return stdout
}
