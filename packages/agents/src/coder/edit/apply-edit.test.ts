import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ToolError } from '../tools/tool.ts'
import { applyEdit } from './apply-edit.ts'

function edit(file: string, oldText: string, newText: string, replacesAll = false): string {
  return applyEdit(file, { path: 'a.txt', oldText, newText, replacesAll }).text
}

describe('an edit', () => {
  it.each([
    [
      'spaces for tabs',
      'a {\n\tb;\n\t\tc;\n}\n',
      '  b;\n    c;',
      '  b;\n    d;\n      e;',
      'a {\n\tb;\n\t\td;\n\t\t\te;\n}\n',
    ],
    ['tabs for spaces', 'a {\n    b;\n        c;\n}\n', '\tb;\n\t\tc;', '\tb;', 'a {\n    b;\n}\n'],
    [
      'two spaces for four',
      'if a:\n    b\n        c\n',
      '  b\n    c',
      '  b\n    d\n  e',
      'if a:\n    b\n        d\n    e\n',
    ],
    [
      'not far enough in',
      'a\n      b\n        c\n',
      'b\n  c',
      'b\n  d\n    e',
      'a\n      b\n        d\n          e\n',
    ],
    ['too far in', 'a\n  b\n', '      b', '      b\n    c', 'a\n  b\nc\n'],
    ['spaces at the ends of lines', 'a  \n b\t\nc', 'a\n b', 'a\n x', 'a  \n x\nc'],
    ['spaces that are not there', 'a\nb\n', 'a  \nb ', 'a  \nx ', 'a\nx \n'],
    ['line numbers', 'a\n  b\nc\n', '2\t  b\n3\tc', '2\t  x\n3\tc', 'a\n  x\nc\n'],
    ['mixed line ends', 'a\r\nb\nc\r\n', 'a\nb', 'a\nx', 'a\r\nx\nc\r\n'],
    ['other line ends before it', 'a\r\nb\nc', 'a\nb\nc', 'a\nb\nX', 'a\r\nb\nX'],
    [
      'other line ends before it, and other indentation',
      'a\n  b\r\n  c\nd',
      'b\nc',
      'b\nc\nx',
      'a\n  b\r\n  c\n  x\nd',
    ],
    ['other line ends elsewhere', 'a\r\n  b\nc\n', '  b', '  b\n  x', 'a\r\n  b\n  x\nc\n'],
    ['no line end after it', 'a\r\nb', 'a\nb', 'a\nb\nc', 'a\r\nb\r\nc'],
    ['line ends that go', 'a\r\nb\nc\n', 'a\nb', 'a', 'a\r\nc\n'],
    ['no line end at the end', 'a\n  b', 'b\n', 'c\n', 'a\n  c'],
    ['lines that are to go', 'a\n  b\n  c\nd\n', 'b\nc\n', '', 'a\nd\n'],
    ['a blank line that is not empty', 'a\n  \nb\n', 'a\n\nb', 'a\n\nc', 'a\n  \nc\n'],
  ])('finds a text in spite of %s', (_, file, oldText, newText, after) => {
    expect(edit(file, oldText, newText)).toBe(after)
  })

  it('takes the text that is there exactly before one that only looks like it', () => {
    expect(edit('  a\na\n\ta\n', '\ta\n', '\tb\n')).toBe('  a\na\n\tb\n')
    expect(edit('if (x) {\n\ty\n}\n  y\n', '  y', '  z')).toBe('if (x) {\n\ty\n}\n  z\n')
  })

  it.each([
    [
      'twice exactly',
      'x\ny\nx\n',
      'x',
      /occurs 2 times in a\.txt, at lines 1, 3: .*set replace_all/,
    ],
    ['twice, overlapping', 'aaa\n', 'aa', /occurs 2 times in a\.txt, at lines 1, 1/],
    [
      'twice further in',
      '\tif a\n    if a\n',
      '      if a',
      /occurs, but for white space, 2 times in a\.txt, at lines 1, 2/,
    ],
    ['with spaces within', 'f( a )\n', 'f(a)', /line 1 and on .* copy it exactly:\nf\( a \)$/],
    ['indented in no one way', 'a\n  b\n c\n', 'a\nb\nc', /line 1 and on .*:\na\n {2}b\n c$/],
    ['twice with spaces within', 'f( a )\nf(a )\n', 'f(a)', /is at lines 1, 2\./],
    ['nowhere', 'a\n', 'b', /is not in a\.txt\. Read the file again/],
    ['as nothing but white space', 'a\n\n\nb\n', '   ', /is not in a\.txt/],
  ])('is refused for a text that is there %s', (_, file, oldText, message) => {
    expect(() => edit(file, oldText, 'new')).toThrow(message)
    expect(() => edit(file, oldText, 'new')).toThrow(ToolError)
  })

  it('is refused where all are to be replaced of what only looks like the text', () => {
    expect(() => edit('\ta\n  a\n', '    a', 'b', true)).toThrow(/copy the text exactly/)
    expect(edit('aaa a', 'aa', 'b', true)).toBe('ba a')
  })
})

/** Lines that are like no other, each at a depth. */
const block = fc.array(fc.nat(4), { minLength: 1, maxLength: 12 })
const unit = fc.constantFrom('\t', '  ', '    ', '        ')
const trailing = fc.constantFrom('', ' ', '\t', '  \t')

it('changes the one line it is to change, whatever the white space of file and model', () => {
  fc.assert(
    fc.property(
      block,
      fc.record({
        fileUnit: unit,
        modelUnit: unit,
        outBy: fc.nat(4),
        trailing: fc.array(trailing, { minLength: 12, maxLength: 12 }),
        ending: fc.constantFrom('\n', '\r\n'),
        range: fc.tuple(fc.nat(11), fc.nat(11), fc.nat(11)),
      }),
      (depths, drift) => {
        const [first, last, changed] = drift.range
          .map((at) => at % depths.length)
          .toSorted((a, b) => a - b) as [number, number, number]
        const [from, target, to] = [first, last, changed]
        const out = Math.min(drift.outBy, ...depths.slice(from, to + 1))
        const line = (at: number, isChanged: boolean) =>
          isChanged ? `changed ${at}` : `line ${at} ;`
        const fileWith = (isChanged: boolean) =>
          depths
            .map((depth, at) => {
              const end = isChanged && at === target ? '' : drift.trailing[at]
              return drift.fileUnit.repeat(depth) + line(at, isChanged && at === target) + end
            })
            .join(drift.ending)
        const model = (isChanged: boolean) =>
          depths
            .slice(from, to + 1)
            .map((depth, at) => {
              const text = line(from + at, isChanged && from + at === target)
              return drift.modelUnit.repeat(depth - out) + text
            })
            .join('\n')
        const after = edit(fileWith(false), model(false), model(true))

        const plain = (text: string) => text.split(/\r?\n/).map((line) => line.trimEnd())
        expect(plain(after)).toEqual(plain(fileWith(true)))
        // All that was not to be changed keeps its bytes.
        const lines = (text: string) => text.split('\n').filter((_, at) => at !== target)
        expect(lines(after)).toEqual(lines(fileWith(false)))
      },
    ),
    { numRuns: 1000 },
  )
})

it('leaves each line that stays its line end, whichever others the file has', () => {
  const line = fc.tuple(fc.constantFrom('', ' ', '\t'), fc.constantFrom('\n', '\r\n'))
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 8 }),
      fc.nat(7),
      fc.nat(7),
      fc.nat(3),
      fc.constantFrom('', '  '),
      (lines, one, other, count, drift) => {
        const [from, to] = [one, other]
          .map((at) => at % lines.length)
          .toSorted((a, b) => a - b) as [number, number]
        const texts = lines.map(([indent], at) => `${indent}line ${at} ;`)
        const file = lines.map(([, ending], at) => texts[at] + ending)
        const wanted = texts.slice(from, to + 1).map((text) => drift + text)
        const added = Array.from({ length: count }, (_, at) => `new ${at}`)
        const kept = wanted.slice(0, -1)
        fc.pre(kept.length + added.length > 0)
        const wished = [...kept, ...added.map((text) => drift + text)]

        const after = edit(file.join(''), wanted.join('\n'), wished.join('\n'))

        const now = after.split(/(?<=\n)/)
        expect(now.slice(0, to)).toEqual(file.slice(0, to))
        expect(now.slice(to + count)).toEqual(file.slice(to + 1))
        const ending = lines[to]?.[1]
        expect(now.slice(to, to + count).map((text) => text.replace(/^.*\d/, ''))).toEqual(
          added.map(() => ending),
        )
      },
    ),
    { numRuns: 1000 },
  )
})

it('does what a plain replacement does where the text is there exactly once', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\t', '\n'), maxLength: 30 })
  fc.assert(
    fc.property(text, text, text, fc.string(), (before, oldText, after, newText) => {
      const file = before + oldText + after
      fc.pre(oldText !== '' && oldText !== newText && !newText.includes('\r'))
      fc.pre(file.indexOf(oldText) === file.lastIndexOf(oldText))
      const at = file.indexOf(oldText)

      const expected = file.slice(0, at) + newText + file.slice(at + oldText.length)
      expect(edit(file, oldText, newText)).toBe(expected)
    }),
  )
})

it('puts the new text in the place of one that says the same, or says why not', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', ' ', '\t', '\n', '\r\n'),
    maxLength: 40,
  })
  const squeeze = (text: string) => text.replace(/\s+/g, '')
  fc.assert(
    fc.property(text, text, (file, oldText) => {
      fc.pre(oldText !== '')
      let after: string
      try {
        after = edit(file, oldText, 'NEW')
      } catch (error) {
        if (error instanceof ToolError) return
        throw error
      }
      const [before = '', behind = ''] = after.split('NEW')
      expect(squeeze(file)).toBe(squeeze(before + oldText + behind))
      // White space beside the place is as it was, but for what the new text is indented by.
      expect(file.startsWith(before.replace(/[ \t]+$/, ''))).toBe(true)
      expect(file.endsWith(behind)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
