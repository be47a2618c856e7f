import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

const name = JSON.stringify('@errand/backstage-plugin-scaffolder-backend-module-errand')

// Backstage's own tools compile a backend to CommonJS; a newer one is ES modules.
it.each([
  ['require', `console.log(require(${name}).default.$$type)`],
  ['import', `import(${name}).then((module) => console.log(module.default.$$type))`],
])('a backend can load the module by %s', (_, code) => {
  const args = ['--conditions=errand-source', '--input-type=commonjs', '--eval', code]

  const out = execFileSync(process.execPath, args, {
    cwd: resolve(import.meta.dirname, '..'),
    encoding: 'utf8',
  })

  expect(out.trim()).toBe('@backstage/BackendFeature')
})
