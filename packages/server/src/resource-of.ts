import type { Route } from '@errand/contract'

/** What the input of an operation is about: the `resource` of an error, as GitHub names them. */
export function resourceOf({ path }: Pick<Route, 'path'>): string {
  return resources.find(([pattern]) => pattern.test(path))?.[1] ?? 'Task'
}

const resources: [RegExp, string][] = [
  [/\/hooks(\/|$)/, 'Hook'],
  [/\/agents\/(organization-)?secrets(\/|$)/, 'Secret'],
  [/\/agents\/(organization-)?variables(\/|$)/, 'Variable'],
  [/\/cloud-agent\//, 'Configuration'],
  [/\/audit-log$/, 'AuditLog'],
  [/\/agents\/usage$/, 'Usage'],
  [/^\/orgs\//, 'Organization'],
  [/\/automations(\/|$)/, 'Automation'],
  [/\/campaigns(\/|$)/, 'Campaign'],
]
