import { type RouteName, routes } from '@errand/contract'

/** Operations of which a caller may do all or none, in an order in which each finds what it needs. */
export const groups = {
  /** Of nobody but the caller. */
  own: [
    'listTasks',
    'listModels',
    'getUsage',
    'listAutomations',
    'listAutomationTools',
    'listAutomationTriggers',
    'listCampaigns',
  ],
  /** Of a repository, by name, by a task's id, by an automation's. */
  read: [
    'listTasksForRepo',
    'getTaskForRepo',
    'getTask',
    'listEvents',
    'getTaskDiff',
    'listAutomationsForRepo',
    'listAutomationToolsForRepo',
    'listAutomationTriggersForRepo',
    'getAutomation',
    'listAutomationTasksForRepo',
    'listAutomationTasks',
    'listAutomationRuns',
  ],
  write: [
    'createTask',
    'steerTask',
    'cancelTask',
    'updateTask',
    'archiveTask',
    'unarchiveTask',
    'openTaskPull',
    'updateAutomation',
    'runAutomation',
    'deleteAutomation',
  ],
  /** In the caller's name, later. */
  automate: ['createAutomation'],
  send: ['createCampaign', 'forecastCampaign'],
  /** A campaign of alice's, and nobody else's. */
  campaign: [
    'getCampaign',
    'listCampaignTargets',
    'pauseCampaign',
    'resumeCampaign',
    'retryCampaign',
    'cancelCampaign',
  ],
  /** What an agent may do in a repository: for who may write to it, and who administers it. */
  configuration: ['getConfiguration', 'getEffectiveConfiguration'],
  configure: ['putConfiguration', 'patchConfiguration', 'deleteConfiguration'],
  /** For an organization's owners. */
  organization: [
    'getOrganizationConfiguration',
    'getAgentPermissions',
    'listSelectedRepositories',
    'listPolicyDeviations',
    'getOrganizationUsage',
    'putOrganizationConfiguration',
    'putAgentPermissions',
    'setSelectedRepositories',
    'selectRepository',
    'unselectRepository',
  ],
  auditLog: ['listAuditLog'],
  /** For who administers the server. */
  wholeAuditLog: ['listWholeAuditLog'],
  /** For who administers the repository. What was created is what is deleted. */
  hooks: [
    'listRepositoryWebhooks',
    'getRepositoryWebhook',
    'getRepositoryWebhookConfig',
    'listRepositoryWebhookDeliveries',
    'getRepositoryWebhookDelivery',
    'updateRepositoryWebhook',
    'updateRepositoryWebhookConfig',
    'redeliverRepositoryWebhookDelivery',
    'pingRepositoryWebhook',
    'createRepositoryWebhook',
    'deleteRepositoryWebhook',
  ],
  orgHooks: [
    'listOrganizationWebhooks',
    'getOrganizationWebhook',
    'getOrganizationWebhookConfig',
    'listOrganizationWebhookDeliveries',
    'getOrganizationWebhookDelivery',
    'updateOrganizationWebhook',
    'updateOrganizationWebhookConfig',
    'redeliverOrganizationWebhookDelivery',
    'pingOrganizationWebhook',
    'createOrganizationWebhook',
    'deleteOrganizationWebhook',
  ],
  /** For whoever may look at the repository. */
  publicKey: ['getRepositoryPublicKey'],
  /** What its agents are given: for who may write to it, and who administers it. */
  secrets: ['listRepositorySecrets', 'getRepositorySecret', 'listOrganizationSecretsForRepo'],
  variables: [
    'listRepositoryVariables',
    'getRepositoryVariable',
    'listOrganizationVariablesForRepo',
  ],
  changeSecrets: ['putRepositorySecret', 'deleteRepositorySecret'],
  changeVariables: [
    'createRepositoryVariable',
    'updateRepositoryVariable',
    'deleteRepositoryVariable',
  ],
  orgSecrets: [
    'listOrganizationSecrets',
    'getOrganizationPublicKey',
    'getOrganizationSecret',
    'listRepositoriesForSecret',
    'putOrganizationSecret',
    'setRepositoriesForSecret',
    'addRepositoryToSecret',
    'removeRepositoryFromSecret',
    'deleteOrganizationSecret',
  ],
  orgVariables: [
    'listOrganizationVariables',
    'getOrganizationVariable',
    'listRepositoriesForVariable',
    'createOrganizationVariable',
    'updateOrganizationVariable',
    'setRepositoriesForVariable',
    'addRepositoryToVariable',
    'removeRepositoryFromVariable',
    'deleteOrganizationVariable',
  ],
} as const satisfies Record<string, readonly RouteName[]>
export type Group = keyof typeof groups

/** What the operations are about. */
export interface Things {
  task: string
  automation: string
  campaign: string
  /** Webhooks of the repository and of the organization, and a delivery of each. */
  hook: number
  delivery: number
  orgHook: number
  orgDelivery: number
  /** Repositories by id: those that agents may be used in, and one more. */
  selected: number[]
  other: number
  /** A value in a sealed box, with the key of the server. */
  sealed: { key_id: string; encrypted_value: string }
}

export interface MatrixRequest {
  method: string
  path: string
  body?: object
}

const task = { prompt: 'p', model: 'script' }
/** The secret and the variable that are there, and those that are made and deleted again. */
export const kept = 'KEPT'
const made = 'MADE'

/** Nobody listens there, which shows at once. */
const hookConfig = { url: 'http://127.0.0.1:9/' }

/** A path and a body for each operation, good but for what may be refused. */
export function requestOf(name: RouteName, things: Things, repository: string): MatrixRequest {
  const { method, path } = routes[name]
  const [owner = '', repo = ''] = repository.split('/')
  const isOfOrg = path.startsWith('/orgs/')
  const isOfMade = /^(put|delete)\w+(Secret|Variable)$|^update\w+Variable$/.test(name)
  const ofMade = { name: made, value: 'v' }
  const chosen = { visibility: 'selected', selected_repository_ids: things.selected }
  const values: Record<string, string | number> = {
    secret_name: isOfMade ? made : kept,
    name: isOfMade ? made : kept,
    owner,
    repo,
    org: owner,
    task_id: things.task,
    automation_id: things.automation,
    campaign_id: things.campaign,
    repository_id: things.other,
    hook_id: isOfOrg ? things.orgHook : things.hook,
    delivery_id: isOfOrg ? things.orgDelivery : things.delivery,
  }
  const targets = [{ repository }]
  const bodies: Partial<Record<RouteName, object>> = {
    createTask: task,
    steerTask: { content: 'go on' },
    openTaskPull: {},
    createAutomation: { ...task, name: 'Weekly' },
    updateAutomation: { name: 'Daily' },
    runAutomation: {},
    createCampaign: { ...task, targets },
    forecastCampaign: { ...task, targets },
    resumeCampaign: {},
    putConfiguration: defaultConfiguration,
    patchConfiguration: {},
    putOrganizationConfiguration: { defaults: {}, enforced: {} },
    putAgentPermissions: { enabled_repositories: 'selected' },
    setSelectedRepositories: { selected_repository_ids: things.selected },
    updateRepositoryWebhook: { active: false },
    updateOrganizationWebhook: { active: false },
    updateRepositoryWebhookConfig: hookConfig,
    updateOrganizationWebhookConfig: hookConfig,
    createRepositoryWebhook: { config: hookConfig, active: false },
    createOrganizationWebhook: { name: 'web', config: hookConfig, active: false },
    putRepositorySecret: things.sealed,
    putOrganizationSecret: { ...things.sealed, ...chosen },
    createRepositoryVariable: ofMade,
    createOrganizationVariable: { ...ofMade, ...chosen },
    updateRepositoryVariable: { value: 'w' },
    updateOrganizationVariable: { value: 'w' },
    setRepositoriesForSecret: { selected_repository_ids: things.selected },
    setRepositoriesForVariable: { selected_repository_ids: things.selected },
  }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? key))
  const body = bodies[name]
  return { method, path: filled, ...(body === undefined ? {} : { body }) }
}

/** behaviour.md 3.3. */
const defaultConfiguration = {
  mcp_configuration: null,
  enabled_tools: {
    codeql: true,
    copilot_code_review: true,
    secret_scanning: true,
    dependency_vulnerability_checks: true,
  },
  require_actions_workflow_approval: true,
  is_firewall_enabled: true,
  is_firewall_recommended_allowlist_enabled: true,
  custom_allowlist: [],
  is_automations_enabled: true,
  require_write_access_for_automation_triggers: true,
}

/** The status of an operation's success; of one that creates or changes, of what it creates. */
export function successOf(name: RouteName): string {
  const [status, ...more] = Object.keys(routes[name].answers).filter((one) => one.startsWith('2'))
  const isPut = status === '201' && more.join() === '204'
  if (status === undefined || (more.length > 0 && !isPut)) {
    throw new Error(`${name} has no one success`)
  }
  return status
}
