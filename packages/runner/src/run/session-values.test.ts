import { expect, it } from 'vitest'

import { environmentOf } from './session-values.ts'

const kept =
  'PATH HOME LD_PRELOAD LD_LIBRARY_PATH BASH_ENV ENV SHELL TMPDIR ERRAND_GATEWAY_URL COPILOT_AGENT_PROMPT HTTPS_PROXY NO_PROXY NODE_OPTIONS SSL_CERT_FILE GIT_CONFIG_COUNT GIT_AUTHOR_NAME GIT_SSH_COMMAND GIT_DIR'

it.each(kept.split(' '))('%s is not given, whoever says it', (name) => {
  const values = { environment: { [name]: 'x', NPM_TOKEN: 'y' } }

  expect(environmentOf(values)).toEqual({ given: { NPM_TOKEN: 'y' }, kept: [name] })
})

it.each(['NPM_TOKEN', 'PATH_TO_DATA', 'MY_HOME', 'PROXY', 'LDAP_URL', 'GIT_TOKEN', 'DATABASE_URL'])(
  '%s is given',
  (name) => {
    expect(environmentOf({ environment: { [name]: 'x' } }).kept).toEqual([])
  },
)
