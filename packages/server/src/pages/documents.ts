import { createOpenApi, type Route, routes } from '@errand/contract'
import type { FastifyPluginAsync } from 'fastify'
import type { ServerContext } from '../context.ts'
import { version } from '../version.ts'
import { type Html, html } from './html.ts'
import { sendPage } from './layout.ts'

/** `/openapi.json`, a page to read it, and the health check. None needs a sign-in. */
export function documentRoutes(context: ServerContext): FastifyPluginAsync {
  return async (app) => {
    app.get('/openapi.json', async () => createOpenApi({ version, serverUrl: context.publicUrl() }))
    app.get('/docs', async (_request, reply) => sendPage(reply, { title: 'API', body: apiPage() }))
    app.get('/healthz', async () => ({ status: 'ok', version }))
  }
}

function apiPage(): Html {
  const all: Route[] = Object.values(routes)
  return html`<h1>API</h1>
    <p>
      Served at <code>/</code> and at <code>/api/v3</code>; as a document at
      <a href="/openapi.json">/openapi.json</a>.
    </p>
    <h2>GitHub's operations</h2>
    ${all.filter((route) => route.origin === 'github').map(describe)}
    <h2>GitHub's operations in preview</h2>
    ${all.filter((route) => route.origin === 'preview').map(describe)}
    <h2>Beyond GitHub</h2>
    ${all.filter((route) => route.origin === 'beyond').map(describe)}`
}

function describe(route: Route): Html {
  const fields = route.body === undefined ? [] : fieldsOf(route.body)
  const query = Object.keys(route.query?.shape ?? {})
  return html`<div class="box">
    <b>${route.method}</b> <code>${route.path}</code>
    <div>${route.summary}</div>
    ${query.length > 0 ? html`<div class="quiet">Query: ${query.join(', ')}</div>` : undefined}
    ${fields.length > 0 ? html`<div class="quiet">Body: ${fields.join(', ')}</div>` : undefined}
    <div class="quiet">
      Answers ${Object.keys(route.answers).join(', ')}; errors
      ${[...new Set(route.errors)].join(', ')}
    </div>
  </div>`
}

function fieldsOf(schema: unknown): string[] {
  return typeof schema === 'object' && schema !== null && 'shape' in schema
    ? Object.keys(schema.shape as object)
    : []
}
