import { defineConfig } from 'vitest/config'

const conditions = ['errand-source', 'node', 'import', 'module', 'default']

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
