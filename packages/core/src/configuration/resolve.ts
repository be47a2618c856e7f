import {
  type CloudAgentConfiguration,
  type ConfigurationField,
  type ConfigurationSource,
  defaultConfiguration,
  type OrganizationConfiguration,
  type PartialConfiguration,
} from '@errand/contract'

/** All who have a say in what an agent may do in a repository. */
export interface ConfigurationLayers {
  server: Pick<OrganizationConfiguration, 'defaults' | 'enforced'>
  organization: OrganizationConfiguration
  repository: PartialConfiguration
}

/** A setting as it holds, and who says so. */
export interface Resolved {
  value: unknown
  source: ConfigurationSource
  /** Nobody below can say otherwise. */
  is_enforced: boolean
}

export type ResolvedConfiguration = Record<ConfigurationField, Resolved>

export const configurationFields = Object.keys(defaultConfiguration) as ConfigurationField[]

/**
 * What holds in a repository: enforced values first, the server's before the organization's; then what the
 * repository says; then defaults, the organization's before the server's. An organization's additional
 * hosts are part of the allowlist whoever says the rest.
 */
export function resolveConfiguration(layers: ConfigurationLayers): ResolvedConfiguration {
  const entries = configurationFields.map((field) => [field, resolveField(layers, field)] as const)
  // One for each field.
  return Object.fromEntries(entries) as ResolvedConfiguration
}

/** The values alone, as GitHub answers them. */
export function valuesOf(resolved: ResolvedConfiguration): CloudAgentConfiguration {
  const entries = configurationFields.map((field) => [field, resolved[field].value] as const)
  // Each value was parsed as one of this field before it was stored.
  return Object.fromEntries(entries) as CloudAgentConfiguration
}

function resolveField(layers: ConfigurationLayers, field: ConfigurationField): Resolved {
  const { server, organization, repository } = layers
  const said: [PartialConfiguration, ConfigurationSource, boolean][] = [
    [server.enforced, 'server', true],
    [organization.enforced, 'organization', true],
    [repository, 'repository', false],
    [organization.defaults, 'organization', false],
    [server.defaults, 'server', false],
    [defaultConfiguration, 'default', false],
  ]
  const found = said.filter(([document]) => document[field] !== undefined)
  // The last of them says something of every field.
  const [document, source, isEnforced] = found[0]!
  if (field === 'enabled_tools') {
    const value = toolsOf(found)
    const isWhole = Object.keys(enforcedTools(layers)).length === Object.keys(value).length
    return { value, source, is_enforced: isWhole }
  }
  const value = document[field]
  if (field !== 'custom_allowlist') return { value, source, is_enforced: isEnforced }
  const hosts = [...(document.custom_allowlist ?? []), ...organization.additional_allowlist]
  return { value: [...new Set(hosts)], source, is_enforced: isEnforced }
}

/** The tools of which somebody above says whether they are on: each by itself. */
export function enforcedTools({
  server,
  organization,
}: Pick<ConfigurationLayers, 'server' | 'organization'>): Record<string, boolean | undefined> {
  return { ...organization.enforced.enabled_tools, ...server.enforced.enabled_tools }
}

/** Each tool by itself: who says something of one says nothing of the others. */
function toolsOf(found: [PartialConfiguration, ConfigurationSource, boolean][]): object {
  const documents = found.map(([document]) => document.enabled_tools ?? {})
  return Object.assign({}, ...documents.toReversed()) as object
}
