import { gitMaybe } from './git.ts'

/**
 * Where the submodule at a path comes from, by `.gitmodules` of the same commit; undefined when it does
 * not say. An address relative to the repository's own is completed from `repositoryUrl`.
 */
export async function submoduleUrl(
  gitDir: string,
  commit: string,
  path: string,
  repositoryUrl: string,
): Promise<string | undefined> {
  const args = ['config', '-z', '--blob', `${commit}:.gitmodules`]
  const pattern = '^submodule\\..*\\.(path|url)$'
  // 1: nothing matches; 128: there is no such file, or it cannot be read.
  const output = await gitMaybe([...args, '--get-regexp', pattern], { gitDir }, [1, 128])
  const settings = (output ?? '')
    .split('\u0000')
    .map((line): [string, string] => {
      const end = line.indexOf('\n')
      return [line.slice(0, end), line.slice(end + 1)]
    })
    .filter(([name]) => name !== '')
  const named = settings.find(([name, value]) => name.endsWith('.path') && value === path)?.[0]
  const url = named && settings.find(([name]) => name === named.replace(/\.path$/, '.url'))?.[1]
  return url === undefined ? undefined : toUrl(url, repositoryUrl)
}

function toUrl(url: string, repositoryUrl: string): string | undefined {
  const [, host, path] = /^([\w.-]+@[\w.-]+):(?!\/\/)(.*)$/.exec(url) ?? []
  if (host !== undefined) return `ssh://${host}/${path}`
  // git takes the repository itself for a folder of the path.
  return URL.canParse(url, `${repositoryUrl}/`) ? new URL(url, `${repositoryUrl}/`).href : undefined
}
