import { defaultProvider } from '@aws-sdk/credential-provider-node'

import { KeyMissing } from './upstream-keys.ts'

export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** Read anew before they end. One for the process, as its environment is. */
let provider: ReturnType<typeof defaultProvider> | undefined

/**
 * What AWS's own tools would use: variables, profiles with their `credential_process`, SSO, the role of a
 * container or of a machine.
 *
 * @throws KeyMissing
 */
export async function awsCredentials(): Promise<AwsCredentials> {
  provider ??= defaultProvider()
  try {
    return await provider()
  } catch (cause) {
    throw new KeyMissing(
      'no credentials of AWS were found; give the runner those, or a key of Bedrock by api_key_env, api_key_file or api_key_command',
      { cause },
    )
  }
}
