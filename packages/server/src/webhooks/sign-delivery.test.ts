import { expect, it } from 'vitest'
import { requireGitHubSignature } from '../integrations/signature.ts'
import { signaturesOf } from './sign-delivery.ts'

it("signs as GitHub's documentation has it", () => {
  const signatures = signaturesOf('Hello, World!', "It's a Secret to Everybody")

  expect(signatures['X-Hub-Signature-256']).toBe(
    'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  )
})

it('signs what the way in takes', () => {
  const headers = Object.fromEntries(
    Object.entries(signaturesOf('{"a":"ü"}', 's')).map(([k, v]) => [k.toLowerCase(), v]),
  )

  const requireSigned = (body: string) =>
    requireGitHubSignature({ headers, body: Buffer.from(body) }, 's')

  expect(() => requireSigned('{"a":"ü"}')).not.toThrow()
  expect(() => requireSigned('{"a":"u"}')).toThrow('not that of the secret')
})
