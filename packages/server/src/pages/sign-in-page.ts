import { type Html, html } from './html.ts'

export function signInPage(returnTo: string, problem?: string): Html {
  return html`<h1>Sign in</h1>
    ${problem === undefined ? undefined : html`<div class="box problem">${problem}</div>`}
    <form method="post" action="/login">
      <input type="hidden" name="return_to" value="${returnTo}" />
      <label for="token">A token of yours</label>
      <input id="token" name="token" type="password" autocomplete="off" required autofocus />
      <button class="main">Sign in</button>
    </form>
    <p class="quiet">
      On your own machine it is in <code>secrets/owner-token</code> in the data folder of the server.
    </p>`
}
