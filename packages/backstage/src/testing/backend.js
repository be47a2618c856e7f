import { createBackend } from '@backstage/backend-defaults'

/**
 * A Backstage backend as a company has one: catalog, scaffolder, and this module by its name. Reads the
 * configuration that `--config` names.
 */
const backend = createBackend()
backend.add(import('@backstage/plugin-catalog-backend'))
backend.add(import('@backstage/plugin-catalog-backend-module-scaffolder-entity-model'))
backend.add(import('@backstage/plugin-scaffolder-backend'))
backend.add(import('@errand/backstage-plugin-scaffolder-backend-module-errand'))
await backend.start()
