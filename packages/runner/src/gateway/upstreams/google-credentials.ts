import { GoogleAuth } from 'google-auth-library'

import { KeyMissing } from './upstream-keys.ts'

/** Renews tokens before they end. One for the process, as its environment is. */
let auth: GoogleAuth | undefined

/**
 * An access token by Google's application default credentials: the file that GOOGLE_APPLICATION_CREDENTIALS names,
 * that of `gcloud auth application-default login`, or the machine's own account.
 *
 * @throws KeyMissing
 */
export async function googleToken(): Promise<string> {
  auth ??= new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' })
  try {
    const token = await auth.getAccessToken()
    if (token) return token
  } catch (cause) {
    throw new KeyMissing(missing, { cause })
  }
  throw new KeyMissing(missing)
}

const missing =
  'no application default credentials of Google were found; give the runner those, or an api_key_command in the settings'
