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
  /** Of `enabled_tools` each tool, of `custom_allowlist` each entry: they may come from several. */
  parts?: Part[]
}

export interface Part {
  /** The tool, or the entry. */
  name: string
  source: ConfigurationSource
  is_enforced: boolean
}

type Said = [PartialConfiguration, ConfigurationSource, boolean]

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
  const said: Said[] = [
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
    const parts = Object.keys(value).map((name) => partOf(name, found))
    return { value, source, is_enforced: parts.every((part) => part.is_enforced), parts }
  }
  const value = document[field]
  if (field !== 'custom_allowlist') return { value, source, is_enforced: isEnforced }
  const own = document.custom_allowlist ?? []
  const hosts = [...new Set([...own, ...organization.additional_allowlist])]
  const parts = hosts.map((name): Part => {
    // What the organization adds stays, whether or not somebody else says it too.
    const isAdded = organization.additional_allowlist.includes(name)
    if (isAdded && !(isEnforced && own.includes(name))) {
      return { name, source: 'organization', is_enforced: true }
    }
    return { name, source, is_enforced: isEnforced }
  })
  return { value: hosts, source, is_enforced: isEnforced, parts }
}

/** Each tool by itself: who says something of one says nothing of the others. */
function toolsOf(found: Said[]): object {
  const documents = found.map(([document]) => document.enabled_tools ?? {})
  return Object.assign({}, ...documents.toReversed()) as object
}

/** Who says something of a tool, the strongest first; the last of them says something of each. */
function partOf(name: string, found: Said[]): Part {
  const [, source, isEnforced] = found.find(
    ([{ enabled_tools: tools }]) => tools !== undefined && Reflect.get(tools, name) !== undefined,
  ) ?? [{}, 'default' as const, false]
  return { name, source, is_enforced: isEnforced }
}
