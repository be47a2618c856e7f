import { type PackageManager, webUrls } from './registry.ts'

/** pip's own default, and where that index keeps its files: neither is in any configuration. */
const builtin = `
from pip._internal.models.index import PyPI
print(PyPI.simple_url)
print('https://' + PyPI.file_storage_domain + '/')
`

/** `index-url` and `extra-index-url` of `pip config list`; the default where no other is set. */
export const pip: PackageManager = {
  command: 'pip',
  async findRegistry(run) {
    const listed = (await run('pip', ['config', 'list'])) ?? ''
    const index = valuesOf(listed, 'index-url')
    const extra = valuesOf(listed, 'extra-index-url')
    const urls = webUrls([...index, ...extra])
    if (webUrls(index).length > 0) return { urls, env: { PIP_INDEX_URL: webUrls(index)[0]! } } // just counted
    const own = webUrls(((await run('python3', ['-c', builtin])) ?? '').split('\n'))
    return own.length === 0 && urls.length === 0 ? undefined : { urls: [...own, ...urls], env: {} }
  },
}

/** Lines like `global.index-url='https://…'`; several URLs may stand in one. */
function valuesOf(listed: string, key: string): string[] {
  const line = new RegExp(`^[^=\\n]*\\.${key}='(.*)'$`, 'gm')
  return [...listed.matchAll(line)].flatMap(([, value = '']) => value.split(/\s+|\\n/))
}
