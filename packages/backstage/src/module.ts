import { coreServices, createBackendModule } from '@backstage/backend-plugin-api'
import { scaffolderActionsExtensionPoint } from '@backstage/plugin-scaffolder-node'
import { createErrandFanOutAction } from './actions/create-fanout.ts'
import { createErrandTaskCreateAction } from './actions/create-task.ts'
import { createErrandTaskWaitAction } from './actions/wait-for-task.ts'
import { createTargets } from './targets.ts'

/** Adds the actions `errand:*` to the scaffolder; a backend adds it by the package's name. */
export const errandModule = createBackendModule({
  pluginId: 'scaffolder',
  moduleId: 'errand',
  register(environment) {
    environment.registerInit({
      deps: { scaffolder: scaffolderActionsExtensionPoint, config: coreServices.rootConfig },
      async init({ scaffolder, config }) {
        const targets = createTargets(config)
        scaffolder.addActions(
          createErrandTaskCreateAction(targets),
          createErrandTaskWaitAction(targets),
          createErrandFanOutAction(targets),
        )
      },
    })
  },
})
