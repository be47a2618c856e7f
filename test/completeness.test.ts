import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { errorTable, eventTypes, routes, Settings } from '@errand/contract'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

// The tables of contract are promises. What none of the code does, or none of the tests tries, is
// found here.

const root = resolve(import.meta.dirname, '..')
const files = ['packages', 'test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/node_modules|\/dist\//.test(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') })),
)
const tests = files.filter(
  ({ path }) => path.endsWith('.test.ts') && !path.includes('/contract/src/'),
)
const code = files.filter(
  ({ path }) =>
    path.includes('/packages/') && !path.endsWith('.test.ts') && !path.includes('/contract/src/'),
)

function isIn(where: typeof files, pattern: RegExp): boolean {
  return where.some(({ text }) => pattern.test(text))
}

function quoted(text: string): RegExp {
  return new RegExp(`['"\`]${escape(text)}['"\`]`)
}

function escape(text: string): string {
  return text.replace(/[.{}]/g, '\\$&')
}

it.each(Object.entries(routes))('the operation %s is answered, and tried', (name, route) => {
  const inServer = code.filter(({ path }) => path.includes('/server/'))
  const asCalled = new RegExp(`\\b${name}\\b|${escape(`${route.method} ${route.path}`)}`)

  expect(isIn(inServer, new RegExp(`\\b${name}\\b`))).toBe(true)
  expect(isIn(tests, asCalled)).toBe(true)
})

describe('errors', () => {
  const document = readFileSync(join(root, 'docs/api.md'), 'utf8')

  it.each(Object.keys(errorTable))('%s is thrown somewhere, and documented', (name) => {
    expect(isIn(code, quoted(name))).toBe(true)
    expect(document).toContain(`\`${name}\``)
  })
})

it.each(eventTypes)('the event %s is made somewhere, and looked at in a test', (type) => {
  expect(isIn(code, quoted(type))).toBe(true)
  expect(isIn(tests, quoted(type))).toBe(true)
})

describe('settings', () => {
  const document = readFileSync(join(root, 'docs/configuration.md'), 'utf8')

  it.each(leaves(Settings))('%s is read somewhere, and documented', (path) => {
    const name = path.split('.').at(-1) ?? ''

    expect(isIn(code, new RegExp(`[.?{,\\s]${name}\\b`))).toBe(true)
    expect(document).toContain(name)
  })

  function leaves(schema: z.ZodType, path: string[] = []): string[] {
    const inner = 'unwrap' in schema ? (schema as z.ZodPrefault<z.ZodType>).unwrap() : schema
    if (!(inner instanceof z.ZodObject)) return [path.join('.')]
    return Object.entries(inner.shape).flatMap(([key, child]) =>
      leaves(child as z.ZodType, [...path, key]),
    )
  }
})

describe('commands', () => {
  const folder = join(root, 'packages/cli/src/commands')
  const commands = namesIn(
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  )

  it('every command of errand is tried in a test', () => {
    const cliTests = tests.filter(({ path }) => /\/(cli|e2e|crash)\//.test(path))

    expect(commands.length).toBeGreaterThan(8)
    expect(
      commands.filter((name) => !isIn(cliTests, new RegExp(`['"\`\\s]${name}['"\`\\s]`))),
    ).toEqual([])
  })

  it('the documents name no command of errand that there is not', () => {
    const inFolders = code.filter(({ path }) => path.includes('/cli/src/commands/'))
    const known = new Set(['help', ...namesIn(inFolders.map(({ text }) => text))])
    const documents = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
    const named = ['README.md', ...documents.map((name) => `docs/${name}`)].flatMap((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      return [...text.matchAll(/`errand ([a-z][a-z-]*)/g)].map(([, name = '']) => ({ path, name }))
    })

    expect(named.length).toBeGreaterThan(50)
    expect(named.filter(({ name }) => !known.has(name))).toEqual([])
  })

  function namesIn(sources: readonly string[]): string[] {
    return sources.flatMap((text) =>
      [...text.matchAll(/\.command\(\s*['"`]([a-z-]+)/g)].map((match) => match[1] as string),
    )
  }
})
