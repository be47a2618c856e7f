import { existsSync, readdirSync } from 'node:fs'
import { configDefaults, defineConfig } from 'vitest/config'

// Vitest hands these to Node as well, for require and import alike: `import` among them would give a
// CommonJS dependency (pg) the ES module it does not expect.
const conditions = ['errand-source', 'node']

// What packages/backstage is tested against is installed by script/backstage; without it, it is left out.
const hasBackstage = existsSync('packages/backstage/node_modules/@backstage')

// So are the agents of others, by script/agents.
const agents = readdirSync('packages/agents/entries')
const hasAgents = agents.every((name) => existsSync(`.agents/agents/${name}`))

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: [
      ...configDefaults.exclude,
      ...(hasBackstage ? [] : ['packages/backstage/**']),
      ...(hasAgents ? [] : ['test/agents/**']),
    ],
    environment: 'node',
    expect: { poll: { timeout: 20_000 } },
    globalSetup: ['test/support/store-template.ts'],
    // A hang is told late, so that a busy machine is not taken for one.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // Two cores: more workers only make each PGlite and each sandbox slower.
    maxWorkers: 2,
  },
})
