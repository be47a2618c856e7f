import type { RouteName, routes } from '@errand/contract'
import type { Handler } from '../handler.ts'
import * as secrets from './agent-values/secrets.ts'
import * as selection from './agent-values/selection.ts'
import * as variables from './agent-values/variables.ts'
import {
  getAutomation,
  listAutomationRuns,
  listAutomations,
  listAutomationsForRepo,
  listAutomationTasks,
  listAutomationTasksForRepo,
  listAutomationTools,
  listAutomationToolsForRepo,
  listAutomationTriggers,
  listAutomationTriggersForRepo,
} from './automations/read.ts'
import { createAutomation, deleteAutomation, updateAutomation } from './automations/write.ts'
import { runAutomation } from './automations/run.ts'
import { archiveTask, unarchiveTask } from './beyond/archive.ts'
import { cancelTask } from './beyond/cancel.ts'
import { getTaskDiff } from './beyond/diff.ts'
import { listEvents } from './beyond/events.ts'
import { listModels } from './beyond/models.ts'
import { openTaskPull } from './beyond/pulls.ts'
import { steerTask } from './beyond/steer.ts'
import { updateTask } from './beyond/update-task.ts'
import { getOrganizationUsage, getUsage } from './beyond/usage.ts'
import {
  cancelCampaign,
  pauseCampaign,
  resumeCampaign,
  retryCampaign,
} from './campaigns/control-campaign.ts'
import { createCampaign, forecastCampaign } from './campaigns/create-campaign.ts'
import { getCampaign, listCampaigns, listCampaignTargets } from './campaigns/get-campaign.ts'
import { listAuditLog, listWholeAuditLog } from './configuration/audit-log.ts'
import { listPolicyDeviations } from './configuration/deviations.ts'
import {
  getOrganizationConfiguration,
  putOrganizationConfiguration,
} from './configuration/organization.ts'
import {
  getAgentPermissions,
  listSelectedRepositories,
  putAgentPermissions,
  selectRepository,
  setSelectedRepositories,
  unselectRepository,
} from './configuration/permissions.ts'
import {
  deleteConfiguration,
  getConfiguration,
  getEffectiveConfiguration,
  patchConfiguration,
  putConfiguration,
} from './configuration/repository.ts'
import { createTask } from './github/create-task.ts'
import { getTask, getTaskForRepo } from './github/get-task.ts'
import { listTasks, listTasksForRepo } from './github/list-tasks.ts'

import * as deliveries from './webhooks/deliveries.ts'
import * as webhooks from './webhooks/webhooks.ts'

/** The handler of each operation: a route without one does not compile. */
export const handlers = {
  createTask,
  listTasksForRepo,
  getTaskForRepo,
  listTasks,
  getTask,
  listEvents,
  steerTask,
  updateTask,
  listPolicyDeviations,
  getOrganizationUsage,
  getUsage,
  cancelTask,
  archiveTask,
  unarchiveTask,
  openTaskPull,
  getTaskDiff,
  listModels,
  createCampaign,
  forecastCampaign,
  listCampaigns,
  getCampaign,
  listCampaignTargets,
  pauseCampaign,
  resumeCampaign,
  cancelCampaign,
  retryCampaign,
  listAutomations,
  listAutomationsForRepo,
  createAutomation,
  listAutomationToolsForRepo,
  listAutomationTools,
  listAutomationTriggersForRepo,
  listAutomationTriggers,
  getAutomation,
  updateAutomation,
  deleteAutomation,
  listAutomationTasksForRepo,
  listAutomationTasks,
  runAutomation,
  listAutomationRuns,
  getConfiguration,
  putConfiguration,
  patchConfiguration,
  deleteConfiguration,
  getEffectiveConfiguration,
  getOrganizationConfiguration,
  putOrganizationConfiguration,
  getAgentPermissions,
  putAgentPermissions,
  listSelectedRepositories,
  setSelectedRepositories,
  selectRepository,
  unselectRepository,
  listAuditLog,
  listWholeAuditLog,
  listRepositoryWebhooks: webhooks.list,
  createRepositoryWebhook: webhooks.create,
  getRepositoryWebhook: webhooks.get,
  updateRepositoryWebhook: webhooks.update,
  deleteRepositoryWebhook: webhooks.remove,
  getRepositoryWebhookConfig: webhooks.getConfig,
  updateRepositoryWebhookConfig: webhooks.updateConfig,
  listRepositoryWebhookDeliveries: deliveries.listDeliveries,
  getRepositoryWebhookDelivery: deliveries.getDelivery,
  redeliverRepositoryWebhookDelivery: deliveries.redeliver,
  pingRepositoryWebhook: webhooks.ping,
  listOrganizationWebhooks: webhooks.list,
  createOrganizationWebhook: webhooks.create,
  getOrganizationWebhook: webhooks.get,
  updateOrganizationWebhook: webhooks.update,
  deleteOrganizationWebhook: webhooks.remove,
  getOrganizationWebhookConfig: webhooks.getConfig,
  updateOrganizationWebhookConfig: webhooks.updateConfig,
  listOrganizationWebhookDeliveries: deliveries.listDeliveries,
  getOrganizationWebhookDelivery: deliveries.getDelivery,
  redeliverOrganizationWebhookDelivery: deliveries.redeliver,
  pingOrganizationWebhook: webhooks.ping,
  listRepositorySecrets: secrets.list,
  getRepositoryPublicKey: secrets.getRepositoryKey,
  getRepositorySecret: secrets.get,
  putRepositorySecret: secrets.put,
  deleteRepositorySecret: secrets.remove,
  listOrganizationSecretsForRepo: secrets.listFromOrganization,
  listRepositoryVariables: variables.list,
  createRepositoryVariable: variables.create,
  getRepositoryVariable: variables.get,
  updateRepositoryVariable: variables.update,
  deleteRepositoryVariable: variables.remove,
  listOrganizationVariablesForRepo: variables.listFromOrganization,
  listOrganizationSecrets: secrets.list,
  getOrganizationPublicKey: secrets.getOrganizationKey,
  getOrganizationSecret: secrets.get,
  putOrganizationSecret: secrets.put,
  deleteOrganizationSecret: secrets.remove,
  listRepositoriesForSecret: selection.list,
  setRepositoriesForSecret: selection.set,
  addRepositoryToSecret: selection.add,
  removeRepositoryFromSecret: selection.remove,
  listOrganizationVariables: variables.list,
  createOrganizationVariable: variables.create,
  getOrganizationVariable: variables.get,
  updateOrganizationVariable: variables.update,
  deleteOrganizationVariable: variables.remove,
  listRepositoriesForVariable: selection.list,
  setRepositoriesForVariable: selection.set,
  addRepositoryToVariable: selection.add,
  removeRepositoryFromVariable: selection.remove,
} satisfies { [N in RouteName]: Handler<(typeof routes)[N]> }
