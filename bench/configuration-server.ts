import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface ConfigurationServer extends AsyncDisposable {
  url: string
  /** Requests that GitHub counts against the primary limit: all but a 304. */
  counted: number
  notModified: number
}

/**
 * So many repositories of one organization, answered as GitHub's audit endpoint does it (behaviour.md 3.3):
 * pages of 100, ETags, 304, the headers of the limit, each answer after so long.
 */
export async function serveConfigurations(
  count: number,
  latencyMs: number,
): Promise<ConfigurationServer> {
  const counts = { counted: 0, notModified: 0 }
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const page = Number(searchParams.get('page') ?? 1)
    const isList = pathname === '/orgs/acme/repos'
    const body = JSON.stringify(isList ? listPage(count, page) : configurationOf(pathname))
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`
    const isSame = request.headers['if-none-match'] === etag
    counts[isSame ? 'notModified' : 'counted'] += 1
    response.setHeader('etag', etag)
    response.setHeader('x-ratelimit-limit', 5000)
    response.setHeader('x-ratelimit-remaining', Math.max(1, 5000 - counts.counted))
    if (isList && page * 100 < count) response.setHeader('link', '<next>; rel="next"')
    void delay(latencyMs).then(() =>
      isSame ? response.writeHead(304).end() : response.writeHead(200).end(body),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(counts, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

function listPage(count: number, page: number): object[] {
  const begin = (page - 1) * 100
  return Array.from({ length: Math.max(0, Math.min(100, count - begin)) }, (_, at) => ({
    full_name: `acme/service-${begin + at + 1}`,
    archived: false,
  }))
}

/** Some hosts and two MCP servers, different in each repository; every tenth lets all hosts be reached. */
function configurationOf(path: string): object {
  const number = Number(/service-(\d+)/.exec(path)?.[1] ?? 0)
  const tools = {
    codeql: true,
    copilot_code_review: true,
    secret_scanning: true,
    dependency_vulnerability_checks: true,
  }
  const tracker = {
    type: 'http',
    url: `https://mcp.acme.example/${number}`,
    tools: ['search', 'read'],
    headers: { Authorization: 'Bearer $COPILOT_MCP_TRACKER_TOKEN' },
  }
  const docs = { type: 'local', command: 'npx', args: ['-y', '@acme/docs'], tools: ['search'] }
  return {
    mcp_configuration: { mcpServers: { tracker, docs } },
    enabled_tools: tools,
    require_actions_workflow_approval: true,
    is_firewall_enabled: number % 10 !== 0,
    is_firewall_recommended_allowlist_enabled: true,
    custom_allowlist: [`service-${number}.acme.example`, 'https://git.acme.example/shared/'],
    is_automations_enabled: true,
    require_write_access_for_automation_triggers: true,
  }
}
