import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { packInstalled, projectWith, registryFiles } from './testing/npm-package.ts'
import {
  type BoxBehindFirewall,
  openBoxBehindFirewall,
  startFileSite,
} from './testing/open-box-behind-firewall.ts'
import type { Site } from './testing/start-site.ts'

// Each manager fetches over TLS from `HOST.test`, which is the test's own site, by what the environment of a
// box says and nothing else. The same site is not reached where it is not on the allowlist.

const files = new Map<string, string | Buffer>()
let site: Site
let folder: string
let behind: BoxBehindFirewall

beforeAll(async () => {
  site = await startFileSite(files)
  folder = await mkdtemp(join(tmpdir(), 'errand-packages-'))
})
beforeEach(() => {
  files.clear()
  site.seen.length = 0
})
afterEach(() => behind?.[Symbol.asyncDispose]())
afterAll(async () => {
  site?.close()
  await rm(folder, { recursive: true, force: true })
})

function url(host: string): string {
  return `https://${host}.test:${site.ports.https}`
}

/** Puts files into the workspace of a box of which one host is allowed. */
async function open(
  host: string,
  contents: Record<string, string | Buffer> = {},
  readOnlyPaths: readonly string[] = [],
): Promise<void> {
  behind = await openBoxBehindFirewall(site, [`${host}.test`], { readOnlyPaths })
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(behind.workspaceDir, path)), { recursive: true })
    // The box's user reads and changes them.
    await writeFile(join(behind.workspaceDir, path), content, { mode: 0o666 })
  }
}

function isInBox(program: string): boolean {
  return ['/usr/bin', '/usr/local/bin'].some((path) => existsSync(join(path, program)))
}

/** The folder of a Rust toolchain that a box can be shown: the proxies of rustup need more than that. */
function rustToolchain(): string | undefined {
  try {
    return execFileSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}
const toolchain = rustToolchain()

describe('through the firewall', () => {
  it('npm ci installs from a registry', async () => {
    const packed = await packInstalled('ignore')
    for (const [path, content] of registryFiles(url('npm'), packed)) files.set(path, content)
    await open('npm', projectWith(packed))
    const script =
      "cp package*.json /tmp && cd /tmp && npm ci --no-audit --no-fund 2>&1 && node -p \"require('ignore')().add('x').ignores('x')\""

    const result = await behind.sh(script, { npm_config_registry: `${url('npm')}/` })

    expect(result.stdout).toMatch(/added 1 package/)
    expect(result.stdout.trim()).toMatch(/true$/)
    expect(behind.blocked).toEqual([])
  })

  it('npm ci of a registry that is not allowed fails with the firewall’s word for it', async () => {
    const packed = await packInstalled('ignore')
    for (const [path, content] of registryFiles(url('npm'), packed)) files.set(path, content)
    await open('other', projectWith(packed))
    const env = { npm_config_registry: `${url('npm')}/`, npm_config_fetch_retries: '0' }

    const result = await behind.sh('cp package*.json /tmp && cd /tmp && npm ci 2>&1', env)

    expect(result.code).not.toBe(0)
    expect(site.seen).toEqual([])
    expect(behind.blocked[0]).toMatchObject({ host: 'npm.test', rule: 'not_allowed' })
    expect(behind.blocked[0]?.process).toMatch(/npm/)
  })

  it.skipIf(!isInBox('pip3'))('pip installs from an index', async () => {
    const wheel = join(folder, 'demo-1.0-py3-none-any.whl')
    execFileSync('python3', ['-c', makeWheel, wheel])
    files.set(
      '/simple/demo/',
      '<a href="/files/demo-1.0-py3-none-any.whl">demo-1.0-py3-none-any.whl</a>',
    )
    files.set('/files/demo-1.0-py3-none-any.whl', readFileSync(wheel))
    await open('pip')
    const script =
      '/usr/bin/pip3 install --no-cache-dir --target /tmp/lib demo 2>&1 && PYTHONPATH=/tmp/lib /usr/bin/python3 -c "import demo; print(demo.answer)"'

    const result = await behind.sh(script, { PIP_INDEX_URL: `${url('pip')}/simple` })

    expect(result.stdout.trim()).toMatch(/42$/)
    expect(behind.blocked).toEqual([])
  })

  it.skipIf(toolchain === undefined)('cargo fetches crates from a sparse index', async () => {
    const crate = packCrate(folder)
    const checksum = createHash('sha256').update(crate).digest('hex')
    const entry = {
      name: 'demo',
      vers: '1.0.0',
      deps: [],
      cksum: checksum,
      features: {},
      yanked: false,
    }
    files.set('/config.json', JSON.stringify({ dl: `${url('cargo')}/crates` }))
    files.set('/de/mo/demo', `${JSON.stringify(entry)}\n`)
    files.set('/crates/demo/1.0.0/download', crate)
    const contents = {
      'Cargo.toml': '[package]\nname = "sums"\nversion = "0.1.0"\n[dependencies]\ndemo = "1"\n',
      'src/lib.rs': '',
      '.cargo/config.toml': `[source.crates-io]\nreplace-with = "own"\n[source.own]\nregistry = "sparse+${url('cargo')}/"\n`,
    }
    await open('cargo', contents, [toolchain ?? ''])
    const script = `cp -r . /tmp/sums && cd /tmp/sums && PATH=${toolchain}/bin:$PATH cargo fetch 2>&1 && ls ~/.cargo/registry/cache/*`

    const result = await behind.sh(script)

    expect(result.stdout).toContain('demo-1.0.0.crate')
    expect(behind.blocked).toEqual([])
  })

  it.skipIf(!isInBox('go'))('go downloads modules from a proxy', async () => {
    const zip = join(folder, 'module.zip')
    execFileSync('python3', ['-c', makeGoModule, zip])
    const module = '/example.test/demo/@v'
    files.set(`${module}/list`, 'v1.0.0\n')
    files.set(`${module}/v1.0.0.info`, '{"Version":"v1.0.0"}')
    files.set(`${module}/v1.0.0.mod`, 'module example.test/demo\n')
    files.set(`${module}/v1.0.0.zip`, readFileSync(zip))
    await open('go', { 'go.mod': 'module sums\n\nrequire example.test/demo v1.0.0\n' })
    const script =
      'cp -r . /tmp/sums && cd /tmp/sums && go mod download 2>&1 && ls ~/go/pkg/mod/example.test'

    const result = await behind.sh(script, {
      GOPROXY: url('go'),
      GOSUMDB: 'off',
      GOFLAGS: '-mod=mod',
    })

    expect(result.stdout).toContain('demo@v1.0.0')
    expect(behind.blocked).toEqual([])
  })

  it.skipIf(!isInBox('mvn'))('Maven resolves what a project needs from a repository', async () => {
    const parent = '/org/test/parent/1/parent-1.pom'
    const pom = (body: string) =>
      `<project><modelVersion>4.0.0</modelVersion><packaging>pom</packaging>${body}</project>`
    files.set(
      parent,
      pom('<groupId>org.test</groupId><artifactId>parent</artifactId><version>1</version>'),
    )
    files.set(
      `${parent}.sha1`,
      createHash('sha1')
        .update(files.get(parent) ?? '')
        .digest('hex'),
    )
    const project = pom(`<artifactId>sums</artifactId>
      <parent><groupId>org.test</groupId><artifactId>parent</artifactId><version>1</version><relativePath/></parent>
      <repositories><repository><id>own</id><url>${url('maven')}</url></repository></repositories>`)
    await open('maven', { 'pom.xml': project })
    const script =
      'cp pom.xml /tmp && cd /tmp && mvn -B -Dmaven.repo.local=/tmp/m2 validate 2>&1; ls /tmp/m2/org/test/parent/1'

    const result = await behind.sh(script)

    expect(result.stdout).toContain('BUILD SUCCESS')
    expect(result.stdout).toContain('parent-1.pom')
    expect(behind.blocked).toEqual([])
  })

  it.skipIf(!isInBox('apt-get'))('apt updates and downloads from a repository', async () => {
    const deb = packDeb(folder)
    const about = [
      'Package: demo\nVersion: 1.0\nArchitecture: all\nMaintainer: a <a@example.test>\nDescription: demo',
      `Filename: ./demo.deb\nSize: ${deb.length}\nSHA256: ${createHash('sha256').update(deb).digest('hex')}`,
    ]
    files.set('/./Packages', `${about.join('\n')}\n`)
    files.set('/Packages', `${about.join('\n')}\n`)
    files.set('/./demo.deb', deb)
    files.set('/demo.deb', deb)
    await open('apt', { 'sources.list': `deb [trusted=yes] ${url('apt')}/ ./\n` })
    const script = `
      mkdir -p /tmp/apt/state/lists/partial /tmp/apt/cache/archives/partial && : > /tmp/apt/status
      options='-o Dir::State=/tmp/apt/state -o Dir::State::status=/tmp/apt/status -o Dir::Cache=/tmp/apt/cache
        -o Dir::Etc::sourcelist=/workspace/sources.list -o Dir::Etc::sourceparts=- -o Dir::Log=/tmp/apt'
      cd /tmp && apt-get $options update 2>&1 && apt-get $options download demo 2>&1 && ls /tmp/*.deb`

    const result = await behind.sh(script)

    expect(result.stdout).toContain('demo_1.0_all.deb')
    expect(behind.blocked).toEqual([])
  })

  it('git clones a repository', async () => {
    const work = join(folder, 'work')
    const bare = join(folder, 'sums.git')
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.test']
    execFileSync('git', ['init', '--quiet', '--initial-branch=main', work])
    await writeFile(join(work, 'README.md'), '# Sums\n')
    execFileSync('git', ['-C', work, 'add', '.'])
    execFileSync('git', ['-C', work, ...identity, 'commit', '--quiet', '--message', 'Begin'])
    execFileSync('git', ['clone', '--quiet', '--bare', work, bare])
    execFileSync('git', ['-C', bare, 'update-server-info'])
    for (const entry of await readdir(bare, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isFile()) files.set(path.replace(folder, ''), await readFile(path))
    }
    await open('git')

    const result = await behind.sh(
      `git clone --quiet ${url('git')}/sums.git /tmp/sums 2>&1; cat /tmp/sums/README.md`,
    )

    expect(result.stdout).toBe('# Sums\n')
    expect(behind.blocked).toEqual([])
  })
})

const makeWheel = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.writestr('demo/__init__.py', 'answer = 42')
    wheel.writestr('demo-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n')
    wheel.writestr('demo-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('demo-1.0.dist-info/RECORD', '')
`

const makeGoModule = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as module:
    module.writestr('example.test/demo@v1.0.0/go.mod', 'module example.test/demo\\n')
    module.writestr('example.test/demo@v1.0.0/demo.go', 'package demo\\n')
`

function packCrate(folder: string): Buffer {
  const script = `
    mkdir -p demo-1.0.0/src && : > demo-1.0.0/src/lib.rs
    printf '[package]\\nname = "demo"\\nversion = "1.0.0"\\n' > demo-1.0.0/Cargo.toml
    tar -czf demo.crate demo-1.0.0`
  execFileSync('sh', ['-c', script], { cwd: folder })
  return readFileSync(join(folder, 'demo.crate'))
}

function packDeb(folder: string): Buffer {
  const script = `
    mkdir -p deb/DEBIAN
    printf 'Package: demo\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: a <a@example.test>\\nDescription: demo\\n' > deb/DEBIAN/control
    dpkg-deb --root-owner-group --build deb demo.deb`
  execFileSync('sh', ['-c', script], { cwd: folder, stdio: 'ignore' })
  return readFileSync(join(folder, 'demo.deb'))
}
