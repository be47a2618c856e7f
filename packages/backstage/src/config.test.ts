import { resolve } from 'node:path'
import { type ConfigVisibility, loadConfigSchema } from '@backstage/config-loader'
import { expect, it } from 'vitest'

const packagePaths = [resolve(import.meta.dirname, '../package.json')]

it('Backstage knows the token of the section errand for a secret, and shows browsers none of it', async () => {
  const schema = await loadConfigSchema({ dependencies: [], packagePaths })
  const load = (errand: Record<string, string | number>, visibility: ConfigVisibility) =>
    schema.process([{ context: 'app-config.yaml', data: { errand } }], {
      visibility: [visibility],
    })[0]?.data
  const errand = { baseUrl: 'https://errand.example.com', token: 't' }

  expect(load(errand, 'secret')).toEqual({ errand: { token: 't' } })
  expect(load(errand, 'frontend')).toEqual({})
})
