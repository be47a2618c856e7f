import { type PackageManager, webUrls } from './registry.ts'

/** What `gem sources` lists, below its heading. */
export const gem: PackageManager = {
  command: 'gem',
  async findRegistry(run) {
    const urls = webUrls(((await run('gem', ['sources', '--list'])) ?? '').split('\n'))
    return urls.length === 0 ? undefined : { urls, env: {} }
  },
}
