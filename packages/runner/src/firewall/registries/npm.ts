import { type PackageManager, webUrls } from './registry.ts'

/** `registry`, and `@scope:registry` for each scope that has one of its own. */
export const npm: PackageManager = {
  command: 'npm',
  async findRegistry(run) {
    const printed = await run('npm', ['config', 'list', '--long', '--json'])
    const settings = parseObject(printed)
    const named = Object.entries(settings).filter(
      (entry): entry is [string, string] =>
        /^(@[^:]+:)?registry$/.test(entry[0]) && typeof entry[1] === 'string',
    )
    const urls = webUrls(named.map(([, url]) => url))
    const main = webUrls(named.filter(([name]) => name === 'registry').map(([, url]) => url))[0]
    if (urls.length === 0 || main === undefined) return undefined
    return { urls, env: { npm_config_registry: main } }
  },
}

function parseObject(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
