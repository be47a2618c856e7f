import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createRedaction } from './redact-secrets.ts'

const secret = 'sk-ant/api03+"quoted"=='
const { text, step } = createRedaction([secret])

function through(chunks: string[]): string {
  const { push, end } = step()
  return Buffer.concat([...chunks.map((chunk) => push(Buffer.from(chunk))), end()]).toString()
}

describe('a secret in an answer', () => {
  it.each([
    ['as it is', secret],
    ['in JSON', JSON.stringify({ said: secret })],
    ['in JSON with slashes escaped', JSON.stringify(secret).replaceAll('/', '\\/')],
    ['in a URL', encodeURIComponent(secret)],
    ['in hex', Buffer.from(secret).toString('hex')],
    ['backwards', Buffer.from(Buffer.from(secret).toReversed()).toString()],
    ['in base64', Buffer.from(`Bearer ${secret}`).toString('base64')],
    ['in base64, beside something else', Buffer.from(`user:x:${secret}`).toString('base64')],
  ])('is taken out %s, and nothing moves', (_, form) => {
    const redacted = text(`before ${form} after`)

    expect(redacted).toHaveLength(`before ${form} after`.length)
    expect(redacted).toMatch(/^before .*\*{8,}.* after$/)
    expect(redacted).not.toContain(secret)
  })

  it('is taken out wherever the stream is cut, and every other byte passes', () => {
    const parts = fc.array(fc.constantFrom(secret, 'sk-', 'sk-ant', 'é', '\n', 'x'.repeat(50)))
    fc.assert(
      fc.property(parts, fc.array(fc.nat(300), { maxLength: 8 }), (said, places) => {
        const whole = said.join('')
        const cuts = [0, ...places.map((at) => at % (whole.length + 1)), whole.length]
        const sorted = cuts.toSorted((a, b) => a - b)
        const chunks = sorted.map((at, index) => whole.slice(at, sorted[index + 1] ?? at))
        expect(through(chunks)).toBe(whole.replaceAll(secret, '*'.repeat(secret.length)))
      }),
    )
  })

  it('is taken out of a long chunk as out of a short one', () => {
    const filling = 'no secret here '.repeat(400)

    expect(through([`${filling}${secret}${filling}`, `${filling}${secret.slice(0, 5)}`])).toBe(
      `${filling}${'*'.repeat(secret.length)}${filling}${filling}${secret.slice(0, 5)}`,
    )
    expect(through([`${filling}${secret.slice(0, 5)}`, secret.slice(5)])).toBe(
      `${filling}${'*'.repeat(secret.length)}`,
    )
  })

  it.each(['base64', 'base64url', 'hex', 'utf8'] as const)(
    'is taken out of a long chunk as a whole where %s has another form of it within',
    (encoding) => {
      const encoded = Buffer.from(secret).toString(encoding)
      const short = text(encoded)
      const filling = '.'.repeat(3000)

      expect(through([`${filling}${encoded}${filling}`])).toBe(`${filling}${short}${filling}`)
    },
  )

  it('holds back no byte that cannot be the beginning of it', () => {
    const { push } = step()

    expect(push(Buffer.from('data: {"a":1}\n\n')).toString()).toBe('data: {"a":1}\n\n')
    expect(push(Buffer.from('a word sk-an')).toString()).toBe('a word ')
  })

  it('is none where it is too short to be one', () => {
    expect(createRedaction(['ollama']).text('ollama says ollama')).toBe('ollama says ollama')
  })
})

it('a long secret in base64 is taken out also where that is broken into lines', () => {
  const long = ['github_pat', 'A1b2C3d4'.repeat(11)].join('_')
  const { text } = createRedaction([long], { wraps: true })

  for (const before of ['', 'x', 'xy']) {
    for (const columns of [64, 76]) {
      const letters = Buffer.from(`${before}${long}`).toString('base64')
      const lines = letters.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []
      const left = text(lines.join('\n')).split('\n')
      expect(lines.length).toBeGreaterThan(1)
      // What is left at the ends of lines says little.
      for (const line of left) expect(line.replaceAll('*', '').length).toBeLessThan(40)
      expect(left.join('').replaceAll('*', '').length).toBeLessThan(70)
    }
  }
})
