import { expect, it } from 'vitest'

import { openLineReader } from './workflow-commands.ts'

it.each([
  ['hello', { type: 'text', text: 'hello' }],
  ['::add-mask::s3cret', { type: 'mask', value: 's3cret' }],
  ['::add-mask::a%25b%0Ac', { type: 'mask', value: 'a%b\nc' }],
  ['::warning::look', { type: 'annotation', level: 'warning', message: 'look' }],
  [
    '  ::error file=src/a.ts,line=3,title=x::it%3A broke',
    { type: 'annotation', level: 'error', message: 'src/a.ts:3: it: broke' },
  ],
  ['::notice title=a:b::said', { type: 'annotation', level: 'info', message: 'said' }],
  ['::group::Install', { type: 'text', text: '▸ Install' }],
  ['::endgroup::', { type: 'nothing' }],
  ['::debug::x', { type: 'nothing' }],
  // No longer heeded by GitHub.
  ['::set-env name=A::b', { type: 'text', text: '::set-env name=A::b' }],
  ['std::vector::size', { type: 'text', text: 'std::vector::size' }],
])('the line %j is %j', (line, meaning) => {
  expect(openLineReader().read(line)).toEqual(meaning)
})

it('between stop-commands and its word nothing is a command', () => {
  const lines = openLineReader()
  const read = ['::stop-commands::w0rd', '::add-mask::x', '::w0rd::', '::add-mask::y'].map((line) =>
    lines.read(line),
  )

  expect(read).toEqual([
    { type: 'nothing' },
    { type: 'text', text: '::add-mask::x' },
    { type: 'nothing' },
    { type: 'mask', value: 'y' },
  ])
})
