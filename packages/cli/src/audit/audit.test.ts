import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Interrupted } from '../errors.ts'
import {
  aConfiguration,
  type FakeConfigurations,
  openFakeConfigurations,
} from '../testing/fake-configurations.ts'
import { openFakeServer } from '../testing/fake-server.ts'
import { runCli, type RunOptions } from '../testing/run-cli.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'errand-audit-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const off = aConfiguration({ is_firewall_enabled: false })

function audit(server: Pick<FakeConfigurations, 'url'>, args: string[], options: RunOptions = {}) {
  const environment = { HOME: home, ERRAND_URL: server.url, ERRAND_TOKEN: 'a-token' }
  return runCli(['audit', ...args], { environment, cwd: home, ...options })
}

function writePolicy(text: string): string {
  writeFileSync(join(home, 'policy.yml'), text)
  return 'policy.yml'
}

describe('the exit code', () => {
  it('is 0 where all is clean', async () => {
    await using server = await openFakeConfigurations({ repositories: { 'a/b': aConfiguration() } })

    const { code, out, err } = await audit(server, ['--repo', 'a/b'])

    expect([code, out]).toEqual([0, ''])
    expect(err).toContain('1 repository, no deviation.')
  })

  it('is 1 where something deviates, whatever the format', async () => {
    await using server = await openFakeConfigurations({ repositories: { 'a/b': off } })

    const table = await audit(server, ['--repo', 'a/b'])
    const sarif = await audit(server, ['--repo', 'a/b', '--format', 'sarif'])

    expect([table.code, sarif.code]).toEqual([1, 1])
    expect(table.out).toBe(
      'a/b\terror\tfirewall-enabled\tis_firewall_enabled\tThe firewall is off.\n',
    )
  })

  it.each([
    ['is not there', 404],
    ['is not to be seen', 403],
    ['fails', 500],
    ['is of another form', { ...aConfiguration(), is_firewall_enabled: 'yes' }],
    ['has servers under an unknown key', aConfiguration({ mcp_configuration: { servers: {} } })],
    ['is nothing', null],
  ])('is 2 where a repository %s: it is never counted clean', async (_, answer) => {
    await using server = await openFakeConfigurations({
      repositories: { 'a/b': answer, 'a/c': off },
    })

    const { code, out, err } = await audit(server, ['--repo', 'a/b', '--repo', 'a/c'])

    expect(code).toBe(2)
    expect(out).toMatch(/^a\/b\tunknown\t\t\t.+$/m)
    expect(err).toContain('2 repositories, 1 deviation in 1, 1 could not be checked.')
  })

  it.each([
    ['no repository', [], 'There are no repositories to look at'],
    ['an unknown option', ['--nonsense'], 'nonsense'],
    ['a name that is none', ['--repo', 'a/../b'], 'is not the name of a repository'],
    ['an unknown organization', ['--org', 'nobody'], 'There is no organization nobody'],
    ['a policy that is not there', ['--repo', 'a/b', '--policy', 'x.yml'], 'x.yml does not exist'],
    ['an output of no form', ['--repo', 'a/b', '--output', 'x.doc'], 'x.doc'],
    ['a baseline that is not there', ['--repo', 'a/b', '--baseline', 'x.json'], 'does not exist'],
  ])('is 2 with %s', async (_, args, message) => {
    await using server = await openFakeConfigurations({ repositories: {} })

    const { code, err } = await audit(server, args)

    expect([code, err]).toEqual([2, expect.stringContaining(message)])
  })

  it('is 2 where the token is not accepted, and nothing is said of any repository', async () => {
    await using server = await openFakeConfigurations({ repositories: { 'a/b': 401 } })

    const { code, out, err } = await audit(server, ['--repo', 'a/b'])

    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('does not accept your token')
  })

  it('is 2 where a rule of one’s own cannot be asked', async () => {
    await using server = await openFakeConfigurations({ repositories: { 'a/b': aConfiguration() } })
    const policy = writePolicy(
      'version: 1\ncustom_rules:\n  - id: own\n    must: configuration.mcp_configuration.mcpServers.x == 1\n',
    )

    const { code, out } = await audit(server, ['--repo', 'a/b', '--policy', policy])

    expect(code).toBe(2)
    expect(out).toMatch(/^a\/b\tunknown\town\t/)
  })
})

describe('what is read', () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`acme/r${at}`, aConfiguration()]))

  it('is every repository of an organization but archived ones, of a file and named, once', async () => {
    const repositories = { ...many(205), 'acme/old-archived': aConfiguration(), 'b/c': off }
    await using server = await openFakeConfigurations({ repositories })
    writeFileSync(join(home, 'list'), '# ours\nb/c # mine\n\nacme/r1\n')

    const args = ['--org', 'acme', '--file', 'list', '--repo', 'ACME/R1', '--format', 'json']
    const { out } = await audit(server, args)

    expect(JSON.parse(out)).toMatchObject({ repositories: 206, exit_code: 1 })
    expect(server.asked.filter((line) => line.includes('/orgs/'))).toHaveLength(3)
    expect(server.mostAtOnce).toBeLessThanOrEqual(8)
  })

  it('costs nothing of the limit the second time, and sees what has changed', async () => {
    await using server = await openFakeConfigurations({ repositories: many(30) })
    await audit(server, ['--org', 'acme'])
    const first = server.counted
    const second = await audit(server, ['--org', 'acme', '--format', 'json'])
    const afterSecond = server.counted
    server.repositories['acme/r7'] = off
    const third = await audit(server, ['--org', 'acme'])

    expect([first, afterSecond, server.counted]).toEqual([31, 31, 32])
    expect(JSON.parse(second.out)).toMatchObject({ requests: { sent: 31, not_modified: 31 } })
    expect([second.code, third.code]).toEqual([0, 1])
  })

  it('is kept where nobody else can read it, without the token, and apart for each token', async () => {
    await using server = await openFakeConfigurations({ repositories: many(2) })
    await audit(server, ['--org', 'acme'])
    const environment = { HOME: home, ERRAND_URL: server.url, ERRAND_TOKEN: 'another' }
    await audit(server, ['--org', 'acme'], { environment })

    const folder = join(home, '.cache/errand/audit')
    const files = readdirSync(folder)
    expect(files).toHaveLength(2)
    expect(server.counted).toBe(6)
    for (const file of files) {
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
      expect(file + readFileSync(join(folder, file), 'utf8')).not.toMatch(/a-token|another/)
    }
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  })

  it('is not kept with --no-cache', async () => {
    await using server = await openFakeConfigurations({ repositories: many(2) })
    await audit(server, ['--org', 'acme', '--no-cache'])

    expect(readdirSync(home)).toEqual([])
  })

  it('goes on after an interruption where it was, also when the last line was torn', async () => {
    const stop = new AbortController()
    let left = 20
    await using server = await openFakeConfigurations({
      repositories: many(40),
      onAsked: () => {
        left -= 1
        if (left === 0) stop.abort(new Interrupted())
      },
    })
    const stopped = await audit(server, ['--org', 'acme', '--concurrency', '1'], {
      signal: stop.signal,
    })
    const [file = ''] = readdirSync(join(home, '.cache/errand/audit'))
    writeFileSync(join(home, '.cache/errand/audit', file), '{"path":"/repos/acme', { flag: 'a' })
    const before = server.counted
    const { code, out } = await audit(server, ['--org', 'acme', '--format', 'json'])

    expect(stopped.code).toBe(2)
    expect(stopped.err).toMatch(/Stopped: \d+ of 40 are read/)
    expect([code, JSON.parse(out).requests.sent]).toEqual([0, 41])
    // Nineteen answers and the list had come.
    expect(server.counted - before).toBeLessThanOrEqual(21)
  })

  it('waits out a limit and says so', async () => {
    const limit = { most: 12, ms: 4000 }
    await using server = await openFakeConfigurations({ repositories: many(20), limit })

    const { code, err } = await audit(server, ['--org', 'acme'])

    expect(code).toBe(0)
    expect(err).toContain('The rate limit is reached: waiting until ')
    expect(server.refused).toBeGreaterThan(0)
    // Those that were on their way, and none that knew.
    expect(server.refused).toBeLessThanOrEqual(8)
  })

  it('is tried again after a failure that passes', async () => {
    await using server = await openFakeConfigurations({
      repositories: many(1),
      failures: [502, 503],
    })

    expect((await audit(server, ['--org', 'acme'])).code).toBe(0)
  })
})

describe('an audit of a thousand repositories', () => {
  const strict = `version: 1
rules:
  firewall-enabled: error
  firewall-recommended-allowlist: { enabled: true }
  firewall-allowed-hosts: { allow: [acme.example, 'https://git.example/acme/'] }
  firewall-denied-hosts: { deny: [paste.acme.example] }
  mcp-allowed-servers: { allow: [{ url: 'https://mcp.acme.example/' }, { image: 'ghcr.io/acme/*' }] }
  mcp-tools-listed: error
  mcp-secret-references: error
  mcp-no-literal-secrets: error
  review-tools: error
  workflow-approval: error
  automations: error
`
  const tracker = {
    type: 'http',
    url: 'https://mcp.acme.example/tracker',
    tools: ['search'],
    headers: { Authorization: 'Bearer $COPILOT_MCP_TOKEN' },
  }
  const withServer = (more: object) =>
    aConfiguration({ mcp_configuration: { mcpServers: { it: { ...tracker, ...more } } } })
  const planted: Record<string, unknown> = {
    'firewall-enabled': off,
    'firewall-recommended-allowlist': aConfiguration({
      is_firewall_recommended_allowlist_enabled: false,
    }),
    'firewall-allowed-hosts': aConfiguration({ custom_allowlist: ['acme.example.evil.example'] }),
    'firewall-denied-hosts': aConfiguration({ custom_allowlist: ['paste.acme.example'] }),
    'mcp-allowed-servers': withServer({ url: 'https://mcp.acme.example.evil.example/' }),
    'mcp-tools-listed': withServer({ tools: ['*'] }),
    'mcp-secret-references': withServer({ headers: { 'X-Api-Key': 'swordfish' } }),
    'mcp-no-literal-secrets': withServer({ env: { SEED: 'q7Zt1Kp9Xw3Rb8Vd2Lm6Jh4Ns5' } }),
    'review-tools': aConfiguration({
      enabled_tools: { ...Object(aConfiguration().enabled_tools), secret_scanning: false },
    }),
    'workflow-approval': aConfiguration({ require_actions_workflow_approval: false }),
    automations: aConfiguration({ require_write_access_for_automation_triggers: false }),
  }
  const clean = (at: number) =>
    aConfiguration({
      custom_allowlist: [`s${at}.acme.example`, `https://git.example/acme/s${at}/`].slice(at % 3),
      is_automations_enabled: at % 2 === 0,
      mcp_configuration: {
        mcpServers: {
          tracker,
          [`s${at}`]: {
            type: 'local',
            command: 'docker',
            args: ['run', '-i', '--rm', '-e', 'REGION', `ghcr.io/acme/s${at}:1.${at}`],
            env: { REGION: `region-${at}`, API_TOKEN: `$COPILOT_MCP_S${at}` },
            tools: [],
          },
        },
      },
    })

  it('finds the planted deviation of every rule, invents none, and reads them again for nothing', async () => {
    const repositories = Object.fromEntries([
      ...Array.from({ length: 1000 - Object.keys(planted).length }, (_, at) => [
        `acme/s${at}`,
        clean(at),
      ]),
      ...Object.entries(planted).map(([rule, configuration]) => [`acme/${rule}`, configuration]),
    ]) as Record<string, unknown>
    await using server = await openFakeConfigurations({ repositories })
    const args = ['--org', 'acme', '--policy', writePolicy(strict), '--format', 'json']

    const first = await audit(server, args)
    const { counted } = server
    const second = await audit(server, args)
    const { deviations, unchecked } = JSON.parse(second.out) as Record<
      string,
      { repository: string; rule: string }[]
    >

    expect(deviations?.map(({ repository, rule }) => [repository, rule])).toEqual(
      Object.keys(planted)
        .toSorted()
        .map((rule) => [`acme/${rule}`, rule]),
    )
    expect([first.code, second.code, unchecked]).toEqual([1, 1, []])
    expect([counted, server.counted]).toEqual([1010, 1010])
  })
})

it('starts and asks nothing that a configuration names', async () => {
  await using named = await openFakeServer({})
  const marker = join(home, 'started')
  const mcpServers = {
    remote: { type: 'http', url: `${named.url}/mcp`, tools: ['*'] },
    local: { type: 'local', command: 'touch', args: [marker], tools: ['*'] },
  }
  const configuration = aConfiguration({
    mcp_configuration: { mcpServers },
    custom_allowlist: [named.url],
  })
  await using server = await openFakeConfigurations({
    repositories: { 'a/b': configuration },
    isErrand: true,
  })
  const policy = writePolicy(
    'version: 1\nrules:\n  mcp-tools-listed: error\n  mcp-allowed-servers: { allow: [] }\n  firewall-allowed-hosts: { allow: [] }\n',
  )

  const { code } = await audit(server, ['--repo', 'a/b', '--policy', policy, '--fix', '--yes'])

  expect(code).toBe(0)
  expect(named.asked).toEqual([])
  expect(readdirSync(home)).not.toContain('started')
})

describe('a baseline', () => {
  it('accepts what is there today, and not what comes after', async () => {
    const repositories: Record<string, unknown> = { 'a/b': off, 'a/c': aConfiguration() }
    await using server = await openFakeConfigurations({ repositories })
    const args = ['--org', 'a', '--baseline', 'audit-baseline.json']

    const written = await audit(server, ['--org', 'a', '--write-baseline'])
    const same = await audit(server, args)
    server.repositories['a/c'] = off
    const more = await audit(server, [...args, '--format', 'json'])

    expect([written.code, same.code, more.code]).toEqual([0, 0, 1])
    expect(same.err).toContain('1 accepted by the baseline')
    expect(JSON.parse(more.out)).toMatchObject({
      deviations: [{ repository: 'a/c' }],
      accepted: [{ repository: 'a/b' }],
    })
  })

  it('that is written anew keeps what it accepts in repositories that were not read', async () => {
    const repositories: Record<string, unknown> = { 'a/b': off, 'a/c': off, 'a/d': off }
    await using server = await openFakeConfigurations({ repositories })
    const args = ['--baseline', 'audit-baseline.json', '--write-baseline']
    const acceptedIn = (): unknown[] =>
      JSON.parse(readFileSync(join(home, 'audit-baseline.json'), 'utf8'))
        .deviations.map(({ repository }: { repository: string }) => repository)
        .toSorted()
    await audit(server, ['--org', 'a', '--write-baseline'])

    server.repositories['a/b'] = 500
    server.repositories['a/d'] = aConfiguration()
    const failed = await audit(server, ['--org', 'a', ...args])
    const afterFailure = acceptedIn()
    server.repositories['a/b'] = off
    const some = await audit(server, ['--repo', 'a/c', ...args])

    expect([failed.code, some.code]).toEqual([2, 0])
    expect(afterFailure).toEqual(['a/b', 'a/c'])
    expect(acceptedIn()).toEqual(['a/b', 'a/c'])
    expect(failed.err).toContain('1 accepted by the baseline')
  })

  it('that is none is an error, not an empty one', async () => {
    await using server = await openFakeConfigurations({ repositories: { 'a/b': off } })
    writeFileSync(join(home, 'x.json'), '{}')

    expect((await audit(server, ['--repo', 'a/b', '--baseline', 'x.json'])).code).toBe(2)
  })
})

describe('--fix', () => {
  const bad = aConfiguration({
    is_firewall_enabled: false,
    require_actions_workflow_approval: false,
  })

  it('shows what it would write, asks, and leaves all as it is without a yes', async () => {
    await using server = await openFakeConfigurations({
      repositories: { 'a/b': bad },
      isErrand: true,
    })

    const { code, err } = await audit(server, ['--repo', 'a/b', '--fix'], { answers: ['n'] })

    expect(code).toBe(1)
    expect(err).toContain('is_firewall_enabled\n    - false\n    + true')
    expect(err).toContain('Nothing was changed.')
    expect(server.repositories['a/b']).toBe(bad)
  })

  it('shows no password of an entry', async () => {
    const entry = 'https://ann:hunter2@evil.example/x?key=hunter2'
    const repositories = { 'a/b': aConfiguration({ custom_allowlist: [entry, 'a.example'] }) }
    await using server = await openFakeConfigurations({ repositories, isErrand: true })
    const rule = 'firewall-allowed-hosts: { allow: [a.example] }'
    const policy = writePolicy(`version: 1\nrules:\n  ${rule}\n`)
    const args = ['--repo', 'a/b', '--policy', policy, '--fix']

    const { out, err } = await audit(server, args, { answers: ['n'] })

    expect(err).toContain('"https://…@evil.example/x?…"')
    expect(out + err).not.toContain('hunter2')
  })

  it('writes after a yes only the fields that change, and reports what is left', async () => {
    await using server = await openFakeConfigurations({
      repositories: { 'a/b': bad },
      isErrand: true,
    })

    const { code, err } = await audit(server, ['--repo', 'a/b', '--fix'], { answers: ['y'] })

    expect([code, server.repositories['a/b']]).toEqual([0, aConfiguration()])
    expect(err).toContain('a/b: changed.')
  })

  it('does not write over what somebody else has changed meanwhile', async () => {
    await using server = await openFakeConfigurations({
      repositories: { 'a/b': bad },
      isErrand: true,
    })
    const options = { answers: ['y'], isInteractive: false }
    const changed = aConfiguration({ is_firewall_enabled: false, custom_allowlist: ['x.com'] })
    server.onAsked = () => {
      // Between what was read and what is written.
      if (server.asked.at(-1)?.startsWith('PATCH') === true) server.repositories['a/b'] = changed
    }

    const { code, err } = await audit(server, ['--repo', 'a/b', '--fix'], options)

    expect(code).toBe(1)
    expect(err).toContain('it was changed by somebody else meanwhile')
    expect(server.repositories['a/b']).toBe(changed)
  })

  it('leaves what the baseline accepts as it is', async () => {
    const hosts = (custom_allowlist: string[]) => aConfiguration({ custom_allowlist })
    await using server = await openFakeConfigurations({
      repositories: { 'a/b': hosts(['old.example']), 'a/c': aConfiguration() },
      isErrand: true,
    })
    const policy = writePolicy('version: 1\nrules:\n  firewall-allowed-hosts: { allow: [] }\n')
    const args = ['--org', 'a', '--policy', policy]
    await audit(server, [...args, '--write-baseline'])
    server.repositories['a/b'] = hosts(['old.example', 'new.example'])
    server.repositories['a/c'] = hosts(['new.example'])

    const { code } = await audit(server, [
      ...args,
      '--baseline',
      'audit-baseline.json',
      '--fix',
      '--yes',
    ])

    expect(code).toBe(1)
    expect(server.repositories).toEqual({
      'a/b': hosts(['old.example', 'new.example']),
      'a/c': hosts([]),
    })
  })

  it('says on GitHub, which has no API for it, where to change it', async () => {
    await using server = await openFakeConfigurations({ repositories: { 'a/b': bad } })

    const { code, err } = await audit(server, ['--repo', 'a/b', '--fix', '--yes'])

    expect(code).toBe(1)
    expect(err).toContain('under Copilot, Cloud agent')
    expect(server.asked.filter((line) => line.startsWith('PATCH'))).toEqual([])
  })
})

describe('a policy file', () => {
  it('is told what is wrong in it, with its line', async () => {
    await using server = await openFakeConfigurations({ repositories: { 'a/b': off } })
    const policy = writePolicy('version: 1\nrules:\n  firewall-on: error\n  automations: fatal\n')

    const { code, err } = await audit(server, ['--repo', 'a/b', '--policy', policy])

    expect(code).toBe(2)
    expect(err).toContain('policy.yml:3:3: rules: firewall-on is not a key of a policy there')
    expect(err).toContain('policy.yml:4:')
  })

  it('is written by init, never over another, and works', async () => {
    await using server = await openFakeConfigurations({ repositories: { 'a/b': aConfiguration() } })

    const first = await audit(server, ['init'])
    const again = await audit(server, ['init'])
    const checked = await audit(server, ['--repo', 'a/b', '--policy', 'policy.yml'])

    expect([first.code, again.code, checked.code]).toEqual([0, 1, 0])
    const [line = ''] = readFileSync(join(home, 'policy.yml'), 'utf8').split('\n')
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)$/.exec(line) ?? []
    expect(JSON.parse(readFileSync(join(home, schema), 'utf8'))).toMatchObject({
      $id: 'urn:errand:policy:1',
    })
  })

  it('whose exception has expired is itself a deviation', async () => {
    await using server = await openFakeConfigurations({ repositories: { 'a/b': off, 'a/c': off } })
    const exception = (name: string, expires: string) =>
      `  - { repositories: [${name}], rules: [firewall-enabled], reason: old, expires: ${expires} }\n`
    const policy = writePolicy(
      `version: 1\nrules:\n  firewall-enabled: error\nexceptions:\n${exception('a/b', '2026-01-02')}${exception('a/c', '2026-01-01')}`,
    )

    const { out, err } = await audit(server, ['--org', 'a', '--policy', policy])

    expect(out).toMatch(/^\twarning\texpired-exception\t/m)
    expect(out).toMatch(/^a\/c\terror\tfirewall-enabled/m)
    expect(err).toContain('1 excepted')
  })
})

describe('explain', () => {
  it('lists every rule', async () => {
    const { out } = await runCli(['audit', 'explain'])

    expect(out.trim().split('\n')).toHaveLength(11)
  })

  it('says what a rule may be told', async () => {
    const { out } = await runCli(['audit', 'explain', 'automations'])

    expect(out).toContain('allow: none | write_access, default "write_access"')
  })

  it('says what the entries of a list may have', async () => {
    const { out } = await runCli(['audit', 'explain', 'mcp-allowed-servers'])

    expect(out).toContain('allow: list of { name, command, args, image, url }')
  })

  it('knows no other', async () => {
    expect((await runCli(['audit', 'explain', 'nothing'])).code).toBe(1)
  })
})
