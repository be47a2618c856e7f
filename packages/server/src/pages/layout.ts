import { randomBytes } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { Html, html } from './html.ts'
import type { SignIn } from './sign-in.ts'
import { style } from './style.ts'

/**
 * Sends a page. Its policy allows nothing but our own style and script: whatever an agent manages to
 * get into a page does not run, load or send.
 */
export function sendPage(
  reply: FastifyReply,
  page: {
    title: string
    body: Html
    signIn?: SignIn | undefined
    script?: string
    status?: number
  },
): FastifyReply {
  const nonce = randomBytes(16).toString('base64')
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
  return reply
    .code(page.status ?? 200)
    .header('content-security-policy', policy)
    .header('referrer-policy', 'same-origin')
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>\n${documentOf(page, nonce).text}`)
}

function documentOf(
  page: { title: string; body: Html; signIn?: SignIn | undefined; script?: string },
  nonce: string,
): Html {
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${page.title} · Errand</title>
      <style nonce="${nonce}">
        ${new Html(style)}
      </style>
    </head>
    <body>
      <header>
        <a href="/"><b>Errand</b></a>
        <a href="/docs">API</a>
        ${page.signIn === undefined ? undefined : signOutForm(page.signIn)}
      </header>
      <main>${page.body}</main>
      ${page.script === undefined ? undefined : new Html(`<script nonce="${nonce}">${page.script}</script>`)}
    </body>
  </html> `
}

function signOutForm(signIn: SignIn): Html {
  return html`<form method="post" action="/logout">
    <input type="hidden" name="form_token" value="${signIn.formToken}" />
    <span class="quiet">${signIn.login}</span> <button>Sign out</button>
  </form>`
}
