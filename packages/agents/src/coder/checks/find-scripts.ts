import { z } from 'zod'
import type { FoundCheck, Place } from './place.ts'

const Manifest = z.object({
  scripts: z.record(z.string(), z.unknown()).catch({}).default({}),
  devDependencies: z.record(z.string(), z.unknown()).catch({}).default({}),
  dependencies: z.record(z.string(), z.unknown()).catch({}).default({}),
})

/** What `npm init` writes. */
const placeholder = /no test specified/
const checkScripts = ['lint', 'typecheck', 'type-check', 'types', 'check']
const runners = [
  ['vitest', 'npx --no-install vitest run'],
  ['jest', 'npx --no-install jest'],
  ['mocha', 'npx --no-install mocha'],
  ['ava', 'npx --no-install ava'],
] as const
const testFile = /[.-]test\.[cm]?[jt]s$|^test\.[cm]?js$/

/** The scripts of package.json, run by the package manager whose lock file is there. */
export async function findInNode({ names, read, list }: Place): Promise<FoundCheck[]> {
  const from = 'package.json'
  if (!names.has(from)) return []
  const manifest = parse(await read(from))
  if (manifest === undefined) return []
  const { scripts, devDependencies, dependencies } = manifest
  const run = managerOf(names)
  const checks = checkScripts
    .filter((name) => typeof scripts[name] === 'string')
    .map((name): FoundCheck => ({ command: `${run} run ${name}`, from, kind: 'check' }))
  const test = scripts['test']
  if (typeof test === 'string' && !placeholder.test(test)) {
    const command = run === 'bun' ? 'bun run test' : `${run} test`
    return [{ command, from, kind: 'tests' }, ...checks]
  }
  const runner = runners.find(([name]) => name in devDependencies || name in dependencies)
  if (runner !== undefined) return [{ command: runner[1], from, kind: 'tests' }, ...checks]
  const below = [...names, ...(await list('test')), ...(await list('tests'))]
  if (!below.some((name) => testFile.test(name))) return checks
  return [{ command: 'node --test', from, kind: 'tests' }, ...checks]
}

function parse(text: string): z.infer<typeof Manifest> | undefined {
  try {
    return Manifest.safeParse(JSON.parse(text)).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function managerOf(names: ReadonlySet<string>): 'npm' | 'pnpm' | 'yarn' | 'bun' {
  if (names.has('pnpm-lock.yaml')) return 'pnpm'
  if (names.has('yarn.lock')) return 'yarn'
  if (names.has('bun.lock') || names.has('bun.lockb')) return 'bun'
  return 'npm'
}

/** A target of a Makefile that is called as such targets are. */
export async function findInMake({ names, read }: Place): Promise<FoundCheck[]> {
  const from = ['GNUmakefile', 'makefile', 'Makefile'].find((name) => names.has(name))
  if (from === undefined) return []
  const text = await read(from)
  const target = ['test', 'tests', 'check'].find((name) =>
    new RegExp(`^${name}[ \\t]*:(?!=)`, 'm').test(text),
  )
  return target === undefined ? [] : [{ command: `make ${target}`, from, kind: 'tests' }]
}
