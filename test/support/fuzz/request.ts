import type { AnySchema } from 'ajv'
import * as fc from 'fast-check'
import { generateSync } from 'json-schema-faker'
import type { Operation, Parameter } from './operation.ts'

/** A request as it is sent, and the operation whose answer it must get. */
export interface FuzzedRequest {
  operation: Operation
  method: string
  path: string
  headers: Record<string, string>
  body?: Buffer
}

/** What there is, so that not every request ends at a name nobody knows. By parameter, or field of a body. */
export type Known = Record<string, readonly string[]>

/** Requests to an operation: most of them nearly right, since those get furthest. */
export function requestTo(
  described: Operation,
  known: Known,
  tokens: readonly string[],
): fc.Arbitrary<FuzzedRequest> {
  const operation =
    described.body === undefined ? described : { ...described, body: bounded(described.body) }
  return fc
    .record({
      seed: fc.noBias(fc.nat()),
      prefix: operation.isApi !== false ? fc.constantFrom('', '', '', '/api/v3') : fc.constant(''),
      values: fc.array(oddText, { minLength: 8, maxLength: 8 }),
      oddAt: operation.isExact
        ? fc.constant(-1)
        : fc.constantFrom(-1, -1, -1, -1, -1, -1, -1, 0, 1, 2, 3, 4, 5),
      authorization: authorization(tokens),
      contentType: fc.constantFrom(...contentTypes),
      version: fc.oneof(
        { weight: 20, arbitrary: fc.constantFrom('2022-11-28', '2026-03-10', undefined) },
        { weight: 1, arbitrary: fc.constantFrom('1999-01-01', 'x') },
      ),
      changes: fc.array(change, { maxLength: 3 }),
      isChanged: fc.constantFrom(false, false, true),
      spoil: fc.oneof(
        { weight: 11, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: spoil },
      ),
      isEmpty: fc.noBias(fc.nat(30)).map((drawn) => drawn === 0),
    })
    .map((drawn) => {
      const url = addressOf(operation, known, drawn)
      const headers: Record<string, string> = { 'user-agent': 'fuzz', ...drawn.authorization }
      if (drawn.version !== undefined) headers['x-github-api-version'] = drawn.version
      for (const parameter of operation.parameters.filter((one) => one.in === 'header')) {
        const value = headerText(drawn.values[0] ?? '')
        if (drawn.seed % 3 === 0) headers[parameter.name] = value
      }
      const [session] = known['session'] ?? []
      if (operation.isPage && session !== undefined && drawn.seed % 7 > 0) {
        headers['cookie'] = session
      }
      const isHead = operation.method === 'GET' && drawn.seed % 23 === 0
      const request = {
        operation: described,
        method: isHead ? 'HEAD' : operation.method,
        path: `${drawn.prefix}${url}`,
        headers,
      }
      if (operation.body === undefined && drawn.seed % 20 > 0) return request
      if (drawn.contentType !== undefined) headers['content-type'] = drawn.contentType
      if (operation.isPage) headers['content-type'] = 'application/x-www-form-urlencoded'
      const body = bodyOf(operation, known, drawn)
      // One in sixteen is signed by nobody.
      if (drawn.seed % 16 > 0) Object.assign(headers, operation.sign?.(body, drawn.seed))
      return { ...request, body }
    })
}

const contentTypes = [
  'application/json',
  'application/json',
  'application/json; charset=utf-8',
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  undefined,
]

function authorization(tokens: readonly string[]): fc.Arbitrary<Record<string, string>> {
  return fc
    .oneof(
      { weight: 30, arbitrary: fc.constantFrom(...tokens).map((token) => `Bearer ${token}`) },
      { weight: 1, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: oddText.map(headerText) },
      { weight: 1, arbitrary: oddText.map((text) => `Bearer ${headerText(text)}`) },
      {
        weight: 1,
        arbitrary: oddText.map((text) => `Basic ${Buffer.from(text).toString('base64')}`),
      },
    )
    .map((value): Record<string, string> => (value === undefined ? {} : { authorization: value }))
}

/** Texts that have broken programs. */
const famousTexts = [
  '',
  ' ',
  '.',
  '..',
  '../..',
  '/',
  '\\',
  '-',
  '--help',
  '%',
  '%00',
  '\u0000',
  '\n',
  '\r\n',
  "'",
  '"',
  "' or 1=1 --",
  '${7*7}',
  '{{7*7}}',
  '<script>',
  '\u202e',
  '\ufeff',
  '\u{1f469}\u200d\u{1f680}',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  '[object Object]',
  'true',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e400',
  '9007199254740993',
  '99999999999999999999',
  '0x10',
  '٣',
  'refs/heads/main',
  'refs/heads/',
  'main~1',
  'HEAD',
  '@{-1}',
  'main:',
  'a..b',
  'a b',
  '.lock',
  'x.lock',
  'x'.repeat(300),
  'é'.repeat(150),
  '2026-02-30',
  '0000-00-00T00:00:00Z',
  '275760-09-13T00:00:00.001Z',
  '2026-11-23T00:00:00+99:99',
  '00000000-0000-0000-0000-000000000000',
]

const oddText = fc.oneof(
  fc.constantFrom(...famousTexts),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.integer().map(String),
)

/** Node sends no other characters in a header; a server gets them as Latin-1. */
function headerText(text: string): string {
  return text.replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, '').slice(0, 200)
}

interface Drawn {
  seed: number
  values: string[]
  /** The place of the parameter that is odd; none when it is below 0. */
  oddAt: number
  changes: Change[]
  isChanged: boolean
  spoil: ((text: string) => Buffer) | undefined
  isEmpty: boolean
}

function addressOf({ path, parameters }: Operation, known: Known, drawn: Drawn): string {
  const { seed, values, oddAt } = drawn
  let place = 0
  const valueFor = (parameter: Pick<Parameter, 'name' | 'schema'>): string => {
    const odd = values[place % values.length] ?? ''
    const isOdd = place++ === oddAt
    const offered = known[parameter.name]
    if (isOdd) return odd
    return offered?.[seed % offered.length] ?? textOf(parameter.schema, seed)
  }
  const named = new Map(parameters.map((parameter) => [parameter.name, parameter]))
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = valueFor(named.get(name) ?? { name, schema: {} })
    // Paths of files have slashes of their own.
    return name === 'path' ? value.split('/').map(encode).join('/') : encode(value)
  })
  const query = parameters
    .filter((parameter, at) => parameter.in === 'query' && ((seed >> (at % 30)) & 1) === 1)
    .map((parameter) => `${encode(parameter.name)}=${encode(valueFor(parameter))}`)
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`
}

/** As a client would send it; a lone surrogate and a lone percent sign go as they are broken. */
function encode(text: string): string {
  if (text === '%') return '%'
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80'
}

function textOf(schema: AnySchema, seed: number): string {
  const value = generate(schema, seed)
  return Array.isArray(value)
    ? value.join(',')
    : typeof value === 'object'
      ? ''
      : `${value as string | number | boolean}`
}

/**
 * Arrays of a few items, texts of a few words. json-schema-faker fills what may have a thousand with hundreds: to draw
 * such a body took longer than to answer it. What is longer than it may be is among the changes.
 */
function bounded<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map((one: unknown) => bounded(one)) as T
  if (typeof schema !== 'object' || schema === null) return schema
  const least = { maxItems: 'minItems', maxLength: 'minLength' } as const
  const most = { maxItems: 4, maxLength: 200 } as const
  const values = schema as Record<string, unknown>
  const entries = Object.entries(values).map(([key, value]): [string, unknown] => {
    if ((key !== 'maxItems' && key !== 'maxLength') || typeof value !== 'number')
      return [key, bounded(value)]
    return [key, Math.min(value, Math.max(most[key], Number(values[least[key]] ?? 0)))]
  })
  return fromEntries(entries) as T
}

/** A value that fits a schema. json-schema-faker gives up on few: those get none. */
function generate(schema: AnySchema, seed: number): unknown {
  try {
    return generateSync(schema, {
      seed: seed + 1,
      maxDefaultItems: 4,
      maxDepth: 8,
      // What has all it may have is seldom right.
      optionalsProbability: [0, 0.2, 0.7][seed % 3] ?? 0,
    })
  } catch {
    return undefined
  }
}

/** One thing put, or taken away, somewhere in a value. */
interface Change {
  at: number
  how: 'remove' | 'replace' | 'add' | 'wrap'
  key: string
  value: unknown
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(50),
  how: fc.constantFrom('remove', 'replace', 'replace', 'replace', 'add', 'wrap'),
  key: oddText,
  value: fc.oneof(
    { weight: 3, arbitrary: oddText },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        null,
        true,
        false,
        0,
        -1,
        1.5,
        2 ** 53,
        1e300,
        [],
        {},
        [null],
        [[]],
        Array.from({ length: 2000 }, () => 'x'),
      ),
    },
  ),
})

function bodyOf(
  { body: schema = {}, isPage = false }: Operation,
  known: Known,
  drawn: Drawn,
): Buffer {
  if (drawn.isEmpty) return Buffer.alloc(0)
  const generated = generate(schema, drawn.seed)
  const fitting = drawn.seed % 8 === 0 ? generated : nameKnown(generated, known, drawn.seed)
  const changes = drawn.isChanged ? drawn.changes : []
  const changed = changes.reduce((value, one) => apply(value, one), fitting)
  const text = (isPage ? formOf(changed) : JSON.stringify(changed)) ?? ''
  return drawn.spoil === undefined ? Buffer.from(text) : drawn.spoil(text)
}

function formOf(value: unknown): string {
  const fields = Object.entries(Object(value) as object)
  const texts = fields.map(([key, one]): [string, string] => [
    key,
    typeof one === 'string' ? one : (JSON.stringify(one) ?? ''),
  ])
  return new URLSearchParams(texts).toString()
}

/** Fields of the name of something known name it, at any depth; those of an array each another. */
function nameKnown(value: unknown, known: Known, seed: number, field = ''): unknown {
  if (Array.isArray(value)) return value.map((one, at) => nameKnown(one, known, seed + at, field))
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
    return fromEntries(entries.map(([key, one]) => [key, nameKnown(one, known, seed, key)]))
  }
  const offered = Object.hasOwn(known, field) ? known[field] : undefined
  const named = offered?.[seed % offered.length]
  if (named === undefined) return value
  if (typeof value === 'number') return Number(named)
  return typeof value === 'string' ? named : value
}

function apply(value: unknown, { at, how, key, value: other }: Change): unknown {
  if (typeof value !== 'object' || value === null) return how === 'wrap' ? [value] : other
  const entries = Object.entries(value)
  const place = entries.length === 0 ? -1 : at % entries.length
  const found = entries[place]
  // Half of the changes go deeper.
  const inner = found?.[1] as unknown
  if (found !== undefined && at % 2 === 0 && typeof inner === 'object' && inner !== null) {
    found[1] = apply(inner, { at: Math.floor(at / 2), how, key, value: other })
  } else if (how === 'add' || found === undefined) entries.push([key, other])
  else if (how === 'remove') entries.splice(place, 1)
  else found[1] = how === 'wrap' ? [inner] : other
  return Array.isArray(value) ? entries.map(([, one]) => one as unknown) : fromEntries(entries)
}

/** `Object.fromEntries`, for which `__proto__` is a name like any other. */
function fromEntries(entries: [string, unknown][]): object {
  return Object.fromEntries(entries)
}

/** What is no JSON any more, or more than anybody should read. */
const spoil: fc.Arbitrary<(text: string) => Buffer> = fc.oneof(
  fc.nat(200).map((length) => (text: string) => Buffer.from(text.slice(0, length))),
  fc
    .constantFrom('\ufeff', '[', '//', ")]}'", ' \n')
    .map((before) => (text: string) => Buffer.from(before + text)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => () => Buffer.from(bytes)),
  fc.nat(200).map((at) => (text: string) => {
    const bytes = Buffer.from(text)
    if (bytes.length > 0) bytes[at % bytes.length] = 0xff
    return bytes
  }),
  fc.constant(() => Buffer.from('['.repeat(50_000))),
  fc.constant((text: string) =>
    Buffer.from(`{"__proto__":${text || 'null'},"constructor":{"prototype":1}}`),
  ),
  fc.constant(() => Buffer.from(`{"prompt":"${'p'.repeat(300_000)}"}`)),
)
