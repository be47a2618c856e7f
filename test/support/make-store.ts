import { openStore } from '@errand/core'

// A program: makes an empty, migrated store in the folder that is its argument. Vitest's globalSetup does not find the
// packages' sources, Node does.

const store = await openStore({ dataDir: process.argv[2] ?? '' })
await store.close()
