import { defineConfig } from 'vitest/config'

// Vitest hands these to Node as well, for require and import alike: `import` among them would give a
// CommonJS dependency (pg) the ES module it does not expect.
const conditions = ['errand-source', 'node']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers only make each PGlite and each sandbox slower.
    maxWorkers: 2,
  },
})
