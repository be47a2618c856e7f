import type { WaitingDevice } from '@errand/contract'
import { type Html, html } from './html.ts'
import type { SignedIn } from './signed-in.ts'

/** Where the code is entered that a device shows. */
export function deviceCodePage({ signIn }: SignedIn, problem?: string): Html {
  return html`<h1>Sign in a device</h1>
    ${problem === undefined ? undefined : html`<div class="box problem" role="alert">${problem}</div>`}
    <form method="post" action="/login/device">
      <input type="hidden" name="form_token" value="${signIn.formToken}" />
      <label for="user_code">The code it shows</label>
      <input
        id="user_code"
        name="user_code"
        type="text"
        class="code"
        placeholder="XXXX-XXXX"
        maxlength="20"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck="false"
        required
        autofocus
      />
      <button class="main">Continue</button>
    </form>`
}

/** Who asks for what: nothing is handed out before this is confirmed. */
export function deviceDecisionPage(
  { signIn }: SignedIn,
  userCode: string,
  { client, scopes, address, created_at }: WaitingDevice,
): Html {
  return html`<h1>Let ${client} in?</h1>
    <div class="box">
      <p>It asks for a token of <b>${signIn.login}</b> for</p>
      <ul>
        ${scopes.length === 0 ? html`<li>what is public, to look at</li>` : scopes.map(explainScope)}
      </ul>
      <p class="quiet">
        Asked for from ${address} at ${created_at.slice(0, 16).replace('T', ' ')} UTC.
      </p>
    </div>
    <p>Only go on if you have started this yourself: whoever has started it acts as you.</p>
    <form method="post" action="/login/device/decision">
      <input type="hidden" name="form_token" value="${signIn.formToken}" />
      <input type="hidden" name="user_code" value="${userCode}" />
      <button class="main" name="decision" value="allow">Let it in</button>
      <button name="decision" value="deny">Do not</button>
    </form>`
}

export function deviceDonePage(isAllowed: boolean): Html {
  return isAllowed
    ? html`<h1>It is signed in</h1>
        <p>You can close this page and go on there. <code>errand token list</code> shows its token.</p>`
    : html`<h1>It was not let in</h1>
        <p>It gets no token. You can close this page.</p>`
}

function explainScope(scope: string): Html {
  const meaning = Object.hasOwn(meanings, scope) ? meanings[scope] : undefined
  return html`<li>${meaning === undefined ? undefined : html`${meaning}: `}<code>${scope}</code></li>`
}

const meanings: Readonly<Record<string, string>> = {
  repo: 'everything in your repositories, tasks too',
  public_repo: 'the same in public ones only',
  'admin:org': 'organizations, with their members and settings',
  'read:org': 'your organizations, to look at',
  user: 'your profile',
  'read:user': 'your profile, to look at',
  workflow: 'workflow files',
  site_admin: 'what a site administrator does for others',
}
