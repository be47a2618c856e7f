import { describe, expect, it } from 'vitest'
import { presentDiff, presentDiffStat } from '../present/diff.ts'
import { createPaint, wantsColours } from './colours.ts'
import { formatAge, formatDuration } from './duration.ts'
import { printable, printableLine } from './printable.ts'
import { openStatusLine } from './status-line.ts'
import { formatTable, shorten } from './table.ts'

const plain = createPaint(false)

describe('printable', () => {
  it.each([
    ['colours', '\u001b[31mred', '^[[31mred'],
    ['a title of the window', '\u001b]0;x\u0007', '^[]0;x^G'],
    ['a C1 introducer', '\u009b2J', '<U+009B>2J'],
    ['a line written over', 'good\rbad', 'good^Mbad'],
    ['a backspace', 'rm\u0008\u0008ls', 'rm^H^Hls'],
    ['text turned around', 'a\u202eb', 'a<U+202E>b'],
    ['what nobody sees', 'a\u200bb\ufeff', 'a<U+200B>b<U+FEFF>'],
    ['delete and nothing', '\u007f\u0000', '^?^@'],
  ])('shows %s instead of letting it act', (_, text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('leaves text alone: lines, tabs, accents, emoji', () => {
    const text = 'One\n\tzwei drei\r\nüñ 漢字 👩🏽'

    expect(printable(text)).toBe(text.replace('\r', ''))
  })

  it('makes one line of several where there is room for one', () => {
    expect(printableLine(' a\n\tb\u001b\n')).toBe('a b^[')
  })
})

describe('a table', () => {
  const rows = [
    ['NAME', 'STATE'],
    ['A very long name of a task', 'failed'],
    ['Short', 'completed'],
  ]

  it('gives every column its width', () => {
    expect(formatTable(rows, 80).split('\n')).toEqual([
      'NAME                        STATE',
      'A very long name of a task  failed',
      'Short                       completed',
    ])
  })

  it('shortens the first column to fit the terminal', () => {
    expect(formatTable(rows, 25).split('\n')).toEqual([
      'NAME            STATE',
      'A very long n…  failed',
      'Short           completed',
    ])
  })

  it('does not count colours, and counts an emoji once', () => {
    const red = createPaint(true)

    expect(
      formatTable(
        [
          ['a', red('red', 'x'), 'b'],
          ['a', 'yyy', 'b'],
        ],
        80,
      ),
    ).toBe(`a  ${red('red', 'x')}    b\na  yyy  b`)
    expect(shorten('👩🏽👩🏽👩🏽', 2)).toBe('👩🏽…')
  })
})

it.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ TERM: 'dumb' }, true, false],
  [{ CLICOLOR_FORCE: '1' }, false, true],
  [{ CLICOLOR_FORCE: '1', NO_COLOR: '1' }, true, false],
])('with %j and a terminal: %j, colours are wanted: %j', (environment, isTty, wanted) => {
  expect(wantsColours(environment, isTty)).toBe(wanted)
})

it.each([
  [0, '0:00'],
  [65_000, '1:05'],
  [3_723_000, '1:02:03'],
])('%i ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

it.each([
  ['2026-01-02T05:00:30Z', 'less than a minute ago'],
  ['2026-01-02T04:59:00Z', 'about 2 minutes ago'],
  ['2026-01-02T04:00:00Z', 'about 1 hour ago'],
  ['2025-12-30T05:01:00Z', 'about 3 days ago'],
])('%s is %s', (time, text) => {
  expect(formatAge(time, new Date('2026-01-02T05:01:00Z'))).toBe(text)
})

describe('a diff', () => {
  const diff = [
    'diff --git a/a.txt b/a.txt',
    '--- a/a.txt',
    '+++ b/a.txt',
    '@@ -1,2 +1,3 @@',
    ' same',
    '--- looks like a header',
    '+diff --git a/x b/x',
    '+\u001b[2J',
    'diff --git a/new b/new',
    'new file mode 100644',
    '@@ -0,0 +1 @@',
    '+x',
    '',
  ].join('\n')

  it('is counted by files and lines, whatever the lines look like', () => {
    expect(presentDiffStat(diff, plain)).toBe(
      [
        ' a.txt |    3 ++-',
        ' new   |    1 +',
        ' 2 files changed, 3 insertions(+), 1 deletions(-)',
      ].join('\n'),
    )
  })

  it('is harmless, and coloured by what a line means', () => {
    const shown = presentDiff(diff, (style, text) => `<${String(style)}>${text}`)

    expect(shown).toContain('<green>+^[[2J')
    expect(shown).toContain('<cyan>@@ -0,0 +1 @@')
    expect(shown).toContain('<bold>diff --git a/new b/new')
  })
})

it('a status line is nothing at all when piped', () => {
  let out = ''
  const terminal = { out: (text: string) => void (out += text), isInteractive: false }
  // Only what it uses is given.
  const status = openStatusLine(terminal as Parameters<typeof openStatusLine>[0], () => 'working')

  status.above('line\n')
  status[Symbol.dispose]()

  expect(out).toBe('line\n')
})
