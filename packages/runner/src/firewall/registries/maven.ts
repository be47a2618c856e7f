import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { type PackageManager, webUrls } from './registry.ts'

/** Every project's parent, inside Maven: it names the repository used where nothing else is said. */
const superPom = 'org/apache/maven/model/pom-4.0.0.xml'

/** Mirrors and repositories of `~/.m2/settings.xml`; without any, the one of Maven's own super POM. */
export const maven: PackageManager = {
  command: 'mvn',
  async findRegistry(run) {
    const settings = await readFile(join(homedir(), '.m2/settings.xml'), 'utf8').catch(() => '')
    const own = urlsIn(settings)
    if (own.length > 0) return { urls: own, env: {} }
    const home = /^Maven home: (.+)$/m.exec((await run('mvn', ['--version'])) ?? '')?.[1]
    if (home === undefined) return undefined
    const find =
      'for jar in "$1"/lib/maven-model-builder-*.jar; do unzip -p "$jar" "$2" && break; done'
    const pom = await run('sh', ['-c', find, 'sh', home, superPom])
    const urls = urlsIn(pom ?? '')
    return urls.length === 0 ? undefined : { urls, env: {} }
  },
}

function urlsIn(xml: string): string[] {
  const withoutComments = xml.replaceAll(/<!--[\s\S]*?-->/g, '')
  return webUrls(
    [...withoutComments.matchAll(/<url>\s*([^<]+?)\s*<\/url>/g)].map(([, url]) => url!),
  ) // of the group
}
