import { type PackageManager, webUrls } from './registry.ts'

/** `GOPROXY` is a list; `GOSUMDB` a name, with a URL where it is not the name's own. */
export const go: PackageManager = {
  command: 'go',
  async findRegistry(run) {
    const printed = await run('go', ['env', 'GOPROXY', 'GOSUMDB'])
    if (printed === undefined) return undefined
    const [proxies = '', sums = ''] = printed.split('\n')
    const [name = '', url] = sums.trim().split(/\s+/)
    const urls = webUrls([...proxies.split(/[,|]/), url ?? `https://${name}/`].filter(hasHost))
    if (urls.length === 0) return undefined
    const clean = proxies.replaceAll(/\/\/[^/@,|]*@/g, '//').trim()
    return { urls, env: { GOPROXY: clean, GOSUMDB: sums.trim() } }
  },
}

/** `direct` and `off` are no hosts, and `https:///` has none. */
function hasHost(text: string): boolean {
  return text !== 'https:///' && text !== 'https://off/'
}
