import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createEncryption, keyBytes, SealBroken } from './encryption.ts'

const key = () => randomBytes(keyBytes)

it('opens what it sealed, and shows nothing of it', () => {
  const { seal, open, keyId } = createEncryption([key()])

  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 12 }), fc.string(), (plain, about) => {
      const sealed = seal(plain, about)

      expect(open(sealed, about)).toBe(Buffer.from(plain).toString())
      expect(sealed).toMatch(new RegExp(`^v1\\.${keyId}\\.[\\w-]+$`))
      expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').includes(plain)).toBe(false)
    }),
  )
})

it('seals the same twice in two ways', () => {
  const { seal } = createEncryption([key()])

  expect(seal('same', 'x')).not.toBe(seal('same', 'x'))
})

it('opens nothing in another place, and nothing that was changed', () => {
  const { seal, open } = createEncryption([key()])
  const sealed = seal('ghp_secret', 'tasks/1')

  expect(() => open(sealed, 'tasks/2')).toThrow(SealBroken)
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.constantFrom('A', 'b', '0', '.'), (at, letter) => {
      const changed = sealed.slice(0, at) + letter + sealed.slice(at + 1)
      fc.pre(!isSameSeal(changed, sealed))
      expect(() => open(changed, 'tasks/1')).toThrow(SealBroken)
    }),
  )
  for (const cut of [sealed.slice(0, 30), sealed.slice(0, -1), '', 'v1', 'ghp_secret']) {
    expect(() => open(cut, 'tasks/1')).toThrow(SealBroken)
  }
})

it('names the place and the key, and not the secret, when it cannot open', () => {
  const stranger = createEncryption([key()])
  const { open } = createEncryption([key()])

  const sealed = stranger.seal('ghp_secret', 'tasks/1')

  expect(() => open(sealed, 'tasks/1')).toThrow(
    `what is sealed as tasks/1 is encrypted with the key ${stranger.keyId}, which this server does not have`,
  )
})

it('opens what a former key sealed, and seals with the first', () => {
  const [old, fresh] = [key(), key()]
  const sealed = createEncryption([old]).seal('x', 'place')

  const both = createEncryption([fresh, old])

  expect(both.open(sealed, 'place')).toBe('x')
  expect(both.keyId).toBe(createEncryption([fresh]).keyId)
})

it.each([[[]], [[randomBytes(31)]], [[key(), randomBytes(33)]]])(
  'takes no keys but of 32 bytes',
  (keys) => {
    expect(() => createEncryption(keys)).toThrow('an encryption key has 32 bytes')
  },
)

/** The last letter of base64url has bits that mean nothing. */
function isSameSeal(a: string, b: string): boolean {
  const [, idA, textA = ''] = a.split('.')
  const [, idB, textB = ''] = b.split('.')
  const bytes = (text: string) => Buffer.from(text, 'base64url').toString('hex')
  return a.split('.').length === 3 && idA === idB && bytes(textA) === bytes(textB)
}
