import type { NewEvent } from '@errand/contract'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { openEventMask } from './mask-events.ts'
import { createSecretMask } from './secret-mask.ts'

const secret = 'hunter2/+& "quoted"'
const mask = createSecretMask()
mask.hide([secret, 'hunter2', 'abc'])

const message = (content: string): NewEvent => ({ type: 'assistant.message', data: { content } })
const output = (text: string, id = 't'): NewEvent => ({
  type: 'tool.execution_update',
  data: { tool_call_id: id, output: text },
})
const textOf = (events: NewEvent[]) =>
  events.map(({ data }) => ('content' in data ? data.content : JSON.stringify(data))).join('')

/** As it may be written anywhere: in base64 with nothing, one and two letters before it. */
const written = [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  ...['', 'x', 'xy'].map((before) => Buffer.from(`${before}${secret}`).toString('base64')),
]
/** What of it must be nowhere afterwards: all of base64 but its ends. */
const forbidden = written.map((form, at) => (at < 3 ? form : form.slice(3, -4)))

describe('a text that comes in pieces', () => {
  it('is masked as if it came whole, wherever it is cut', () => {
    const part = fc.constantFrom(...written, 'hunter', 'hunter2', 'h', ' and ', 'é', '\n')
    fc.assert(
      fc.property(fc.array(part), fc.array(fc.nat(400), { maxLength: 9 }), (parts, places) => {
        const whole = parts.join('')
        const cuts = [0, ...places.map((at) => at % (whole.length + 1)), whole.length]
        const sorted = cuts.toSorted((a, b) => a - b)
        const chunks = sorted.map((at, index) => whole.slice(at, sorted[index + 1] ?? at))
        const events = openEventMask(mask)

        const told = [...chunks.flatMap((chunk) => events.push([message(chunk)])), ...events.end()]

        expect(textOf(told)).toBe(mask.text(whole))
        for (const form of forbidden) expect(textOf(told)).not.toContain(form)
      }),
    )
  })

  it('waits with no more than what may be the beginning of a secret', () => {
    const events = openEventMask(mask)

    expect(textOf(events.push([message('all of this hunt')]))).toBe('all of this ')
    expect(textOf(events.push([message('er3')]))).toBe('hunter3')
    expect(events.end()).toEqual([])
  })

  it('ends where another begins, in order', () => {
    const events = openEventMask(mask)
    const other: NewEvent = { type: 'session.log', data: { level: 'info', message: 'a hunter2' } }

    const told = events.push([
      message('the hunter'),
      other,
      output('hunter', 'a'),
      output('2', 'b'),
    ])

    expect([...told, ...events.end()]).toEqual([
      message('the '),
      message('hunter'),
      { type: 'session.log', data: { level: 'info', message: 'a ***' } },
      output('hunter', 'a'),
      output('2', 'b'),
    ])
  })

  it('is known for the same when a tool tells it whole each time', () => {
    const events = openEventMask(mask)

    const told = [...events.push([output('a hunt')]), ...events.push([output('a hunter2.')])]

    expect(told).toEqual([output('a '), output('a ***.')])
  })
})

it('the output of a setup step is masked where its pieces cut a secret apart', () => {
  const events = openEventMask(mask)
  const piece = (output: string): NewEvent => ({
    type: 'setup.step_update',
    data: { number: 1, output },
  })

  const told = [...events.push([piece('a hunt')]), ...events.push([piece('er2.')])]

  expect([...told, ...events.end()]).toEqual([piece('a '), piece('***.')])
})

it('what is not a text is masked to the depth of it, in names and in values', () => {
  const event: NewEvent = {
    type: 'tool.execution_start',
    data: {
      tool_call_id: 't',
      title: 'echo hunter2',
      input: { command: ['printf', secret], hunter2: { deep: [`x${secret}`] } },
    },
  }

  expect(openEventMask(mask).push([event])).toEqual([
    {
      type: 'tool.execution_start',
      data: {
        tool_call_id: 't',
        title: 'echo ***',
        input: { command: ['printf', '***'], '***': { deep: ['x***'] } },
      },
    },
  ])
})

it('a secret that is a word of the protocol changes no meaning', () => {
  const odd = createSecretMask()
  odd.hide(['info', 'completed', 'output'])
  const events = openEventMask(odd)

  const told = events.push([
    { type: 'session.log', data: { level: 'info', message: 'info: output completed' } },
    {
      type: 'tool.execution_complete',
      data: { tool_call_id: 't', status: 'completed', output: 'completed' },
    },
  ])

  expect(told).toEqual([
    { type: 'session.log', data: { level: 'info', message: '***: *** ***' } },
    {
      type: 'tool.execution_complete',
      data: { tool_call_id: 't', status: 'completed', output: '***' },
    },
  ])
})

it('a value of three bytes is no secret that could be kept', () => {
  expect(mask.text('abc')).toBe('abc')
})

it('an error is shown masked, with where it was thrown and why', () => {
  const error = new Error(`it said ${secret}`, { cause: new TypeError('hunter2 again') })

  const shown = mask.error(error) as Error

  expect(shown.message).toBe('it said ***')
  expect(shown.stack).toContain('mask-events.test')
  expect(shown.stack).not.toContain('hunter2')
  expect((shown.cause as Error).message).toBe('*** again')
})

it('of a key of many lines each line is masked', () => {
  const key = createSecretMask()
  key.hide(['-----BEGIN KEY-----\nMIIEvQIBADANBg\n}\n-----END KEY-----\n'])

  expect(key.text('line 2: MIIEvQIBADANBg, {}')).toBe('line 2: ***, {}')
})
