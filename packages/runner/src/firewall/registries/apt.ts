import { type PackageManager, webUrls } from './registry.ts'

/** The sites of all sources, as apt itself reads them. */
export const apt: PackageManager = {
  command: 'apt-get',
  async findRegistry(run) {
    const printed = (await run('apt-get', ['indextargets', '--format', '$(SITE)'])) ?? ''
    const urls = [...new Set(webUrls(printed.split('\n')))]
    return urls.length === 0 ? undefined : { urls, env: {} }
  },
}
