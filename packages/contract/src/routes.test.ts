import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { errorTable, type Route, routes } from './index.ts'

const table = Object.entries(routes) as [string, Route][]

it('is this table of operations', () => {
  const rows = table.map(
    ([name, route]) =>
      `${route.origin.padEnd(6)} ${route.method.padEnd(4)} ${route.path}: ${name}, ${Object.keys(route.answers).join()}`,
  )

  expect(`\n${rows.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    github POST /agents/repos/{owner}/{repo}/tasks: createTask, 201
    github GET  /agents/repos/{owner}/{repo}/tasks: listTasksForRepo, 200
    github GET  /agents/repos/{owner}/{repo}/tasks/{task_id}: getTaskForRepo, 200
    github GET  /agents/tasks: listTasks, 200
    github GET  /agents/tasks/{task_id}: getTask, 200
    beyond GET  /agents/tasks/{task_id}/events: listEvents, 200
    beyond POST /agents/tasks/{task_id}/steer: steerTask, 202
    beyond PATCH /agents/tasks/{task_id}: updateTask, 200
    beyond POST /agents/tasks/{task_id}/cancel: cancelTask, 200
    beyond POST /agents/tasks/{task_id}/archive: archiveTask, 200
    beyond POST /agents/tasks/{task_id}/unarchive: unarchiveTask, 200
    beyond POST /agents/tasks/{task_id}/pulls: openTaskPull, 201
    beyond GET  /agents/tasks/{task_id}/diff: getTaskDiff, 200
    beyond GET  /agents/models: listModels, 200
    preview GET  /agents/automations: listAutomations, 200
    preview GET  /agents/repos/{owner}/{repo}/automations: listAutomationsForRepo, 200
    preview POST /agents/repos/{owner}/{repo}/automations: createAutomation, 201
    preview GET  /agents/repos/{owner}/{repo}/automations/tools: listAutomationToolsForRepo, 200
    preview GET  /agents/automations/tools: listAutomationTools, 200
    preview GET  /agents/repos/{owner}/{repo}/automations/triggers: listAutomationTriggersForRepo, 200
    preview GET  /agents/automations/triggers: listAutomationTriggers, 200
    preview GET  /agents/repos/{owner}/{repo}/automations/{automation_id}: getAutomation, 200
    preview PATCH /agents/repos/{owner}/{repo}/automations/{automation_id}: updateAutomation, 200
    preview DELETE /agents/repos/{owner}/{repo}/automations/{automation_id}: deleteAutomation, 204
    preview GET  /agents/repos/{owner}/{repo}/automations/{automation_id}/tasks: listAutomationTasksForRepo, 200
    preview GET  /agents/automations/{automation_id}/tasks: listAutomationTasks, 200
    preview POST /agents/repos/{owner}/{repo}/automations/{automation_id}/tasks: runAutomation, 202
    beyond GET  /agents/repos/{owner}/{repo}/automations/{automation_id}/runs: listAutomationRuns, 200
    beyond POST /agents/campaigns: createCampaign, 201
    beyond POST /agents/campaigns/forecast: forecastCampaign, 200
    beyond GET  /agents/campaigns: listCampaigns, 200
    beyond GET  /agents/campaigns/{campaign_id}: getCampaign, 200
    beyond GET  /agents/campaigns/{campaign_id}/targets: listCampaignTargets, 200
    beyond POST /agents/campaigns/{campaign_id}/pause: pauseCampaign, 200
    beyond POST /agents/campaigns/{campaign_id}/resume: resumeCampaign, 200
    beyond POST /agents/campaigns/{campaign_id}/cancel: cancelCampaign, 200
    beyond POST /agents/campaigns/{campaign_id}/retry: retryCampaign, 200
    github GET  /repos/{owner}/{repo}/copilot/cloud-agent/configuration: getConfiguration, 200
    beyond PUT  /repos/{owner}/{repo}/copilot/cloud-agent/configuration: putConfiguration, 200
    beyond PATCH /repos/{owner}/{repo}/copilot/cloud-agent/configuration: patchConfiguration, 200
    beyond DELETE /repos/{owner}/{repo}/copilot/cloud-agent/configuration: deleteConfiguration, 200
    beyond GET  /repos/{owner}/{repo}/copilot/cloud-agent/effective-config: getEffectiveConfiguration, 200
    beyond GET  /orgs/{org}/copilot/cloud-agent/configuration: getOrganizationConfiguration, 200
    beyond PUT  /orgs/{org}/copilot/cloud-agent/configuration: putOrganizationConfiguration, 200
    github GET  /orgs/{org}/copilot/coding-agent/permissions: getAgentPermissions, 200
    github PUT  /orgs/{org}/copilot/coding-agent/permissions: putAgentPermissions, 204
    github GET  /orgs/{org}/copilot/coding-agent/permissions/repositories: listSelectedRepositories, 200
    github PUT  /orgs/{org}/copilot/coding-agent/permissions/repositories: setSelectedRepositories, 204
    github PUT  /orgs/{org}/copilot/coding-agent/permissions/repositories/{repository_id}: selectRepository, 204
    github DELETE /orgs/{org}/copilot/coding-agent/permissions/repositories/{repository_id}: unselectRepository, 204
    github GET  /orgs/{org}/audit-log: listAuditLog, 200
    beyond GET  /audit-log: listWholeAuditLog, 200
    beyond GET  /orgs/{org}/copilot/policy/deviations: listPolicyDeviations, 200
    beyond GET  /orgs/{org}/agents/usage: getOrganizationUsage, 200
    beyond GET  /agents/usage: getUsage, 200
    github GET  /repos/{owner}/{repo}/hooks: listRepositoryWebhooks, 200
    github POST /repos/{owner}/{repo}/hooks: createRepositoryWebhook, 201
    github GET  /repos/{owner}/{repo}/hooks/{hook_id}: getRepositoryWebhook, 200
    github PATCH /repos/{owner}/{repo}/hooks/{hook_id}: updateRepositoryWebhook, 200
    github DELETE /repos/{owner}/{repo}/hooks/{hook_id}: deleteRepositoryWebhook, 204
    github GET  /repos/{owner}/{repo}/hooks/{hook_id}/config: getRepositoryWebhookConfig, 200
    github PATCH /repos/{owner}/{repo}/hooks/{hook_id}/config: updateRepositoryWebhookConfig, 200
    github GET  /repos/{owner}/{repo}/hooks/{hook_id}/deliveries: listRepositoryWebhookDeliveries, 200
    github GET  /repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}: getRepositoryWebhookDelivery, 200
    github POST /repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}/attempts: redeliverRepositoryWebhookDelivery, 202
    github POST /repos/{owner}/{repo}/hooks/{hook_id}/pings: pingRepositoryWebhook, 204
    github GET  /orgs/{org}/hooks: listOrganizationWebhooks, 200
    github POST /orgs/{org}/hooks: createOrganizationWebhook, 201
    github GET  /orgs/{org}/hooks/{hook_id}: getOrganizationWebhook, 200
    github PATCH /orgs/{org}/hooks/{hook_id}: updateOrganizationWebhook, 200
    github DELETE /orgs/{org}/hooks/{hook_id}: deleteOrganizationWebhook, 204
    github GET  /orgs/{org}/hooks/{hook_id}/config: getOrganizationWebhookConfig, 200
    github PATCH /orgs/{org}/hooks/{hook_id}/config: updateOrganizationWebhookConfig, 200
    github GET  /orgs/{org}/hooks/{hook_id}/deliveries: listOrganizationWebhookDeliveries, 200
    github GET  /orgs/{org}/hooks/{hook_id}/deliveries/{delivery_id}: getOrganizationWebhookDelivery, 200
    github POST /orgs/{org}/hooks/{hook_id}/deliveries/{delivery_id}/attempts: redeliverOrganizationWebhookDelivery, 202
    github POST /orgs/{org}/hooks/{hook_id}/pings: pingOrganizationWebhook, 204
    github GET  /repos/{owner}/{repo}/agents/secrets: listRepositorySecrets, 200
    github GET  /repos/{owner}/{repo}/agents/secrets/public-key: getRepositoryPublicKey, 200
    github GET  /repos/{owner}/{repo}/agents/secrets/{secret_name}: getRepositorySecret, 200
    github PUT  /repos/{owner}/{repo}/agents/secrets/{secret_name}: putRepositorySecret, 201,204
    github DELETE /repos/{owner}/{repo}/agents/secrets/{secret_name}: deleteRepositorySecret, 204
    github GET  /repos/{owner}/{repo}/agents/organization-secrets: listOrganizationSecretsForRepo, 200
    github GET  /repos/{owner}/{repo}/agents/variables: listRepositoryVariables, 200
    github POST /repos/{owner}/{repo}/agents/variables: createRepositoryVariable, 201
    github GET  /repos/{owner}/{repo}/agents/variables/{name}: getRepositoryVariable, 200
    github PATCH /repos/{owner}/{repo}/agents/variables/{name}: updateRepositoryVariable, 204
    github DELETE /repos/{owner}/{repo}/agents/variables/{name}: deleteRepositoryVariable, 204
    github GET  /repos/{owner}/{repo}/agents/organization-variables: listOrganizationVariablesForRepo, 200
    github GET  /orgs/{org}/agents/secrets: listOrganizationSecrets, 200
    github GET  /orgs/{org}/agents/secrets/public-key: getOrganizationPublicKey, 200
    github GET  /orgs/{org}/agents/secrets/{secret_name}: getOrganizationSecret, 200
    github PUT  /orgs/{org}/agents/secrets/{secret_name}: putOrganizationSecret, 201,204
    github DELETE /orgs/{org}/agents/secrets/{secret_name}: deleteOrganizationSecret, 204
    github GET  /orgs/{org}/agents/secrets/{secret_name}/repositories: listRepositoriesForSecret, 200
    github PUT  /orgs/{org}/agents/secrets/{secret_name}/repositories: setRepositoriesForSecret, 204
    github PUT  /orgs/{org}/agents/secrets/{secret_name}/repositories/{repository_id}: addRepositoryToSecret, 204
    github DELETE /orgs/{org}/agents/secrets/{secret_name}/repositories/{repository_id}: removeRepositoryFromSecret, 204
    github GET  /orgs/{org}/agents/variables: listOrganizationVariables, 200
    github POST /orgs/{org}/agents/variables: createOrganizationVariable, 201
    github GET  /orgs/{org}/agents/variables/{name}: getOrganizationVariable, 200
    github PATCH /orgs/{org}/agents/variables/{name}: updateOrganizationVariable, 204
    github DELETE /orgs/{org}/agents/variables/{name}: deleteOrganizationVariable, 204
    github GET  /orgs/{org}/agents/variables/{name}/repositories: listRepositoriesForVariable, 200
    github PUT  /orgs/{org}/agents/variables/{name}/repositories: setRepositoriesForVariable, 204
    github PUT  /orgs/{org}/agents/variables/{name}/repositories/{repository_id}: addRepositoryToVariable, 204
    github DELETE /orgs/{org}/agents/variables/{name}/repositories/{repository_id}: removeRepositoryFromVariable, 204
    "
  `)
})

describe.each(table)('%s', (_, route) => {
  it('describes each parameter of its path, and no other', () => {
    const named = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)

    expect(Object.keys(route.params.shape)).toEqual(named)
  })

  it('names only errors of the table, and the 422 when it takes input', () => {
    expect(route.errors.filter((name) => !(name in errorTable))).toEqual([])
    expect(route.errors).toContain('validation_failed')
  })

  it('reads with the right to read, writes with the right to write', () => {
    const level = route.method === 'GET' ? 'read' : 'write'

    expect(route.who).toBe('user')
    expect(route.permission).toMatch(new RegExp(`^\\w+:${level}$`))
  })

  it('allows fields it does not know in what it takes', () => {
    const schemas = [route.body, route.query].filter((schema) => schema !== undefined)

    for (const schema of schemas) {
      expect(z.toJSONSchema(schema, { io: 'input' })).not.toHaveProperty('additionalProperties')
    }
  })
})

it('keeps 202 out of what GitHub has: go-github makes an error of it', () => {
  const github = table.filter(([, route]) => route.origin === 'github')

  const statuses = github
    // There GitHub answers it itself, and go-github expects it.
    .filter(([name]) => !name.endsWith('WebhookDelivery'))
    .flatMap(([, route]) => Object.keys(route.answers))
  expect([...new Set(statuses)].toSorted()).toEqual(['200', '201', '204'])
})
