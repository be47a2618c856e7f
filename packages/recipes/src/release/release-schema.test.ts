import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { releaseJsonSchema } from './release-schema.ts'

it('is published as it is: run write-release-schema.ts after a change', () => {
  const path = fileURLToPath(new URL('../../../../docs/release.schema.json', import.meta.url))

  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(releaseJsonSchema())
})
