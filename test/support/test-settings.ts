import type { ModelApi, ScriptedModel } from './scripted-model.ts'

/** Settings as `errand.yml` holds them; what is absent has Errand's default. */
export interface TestSettings {
  sessions?: object
  limits?: object
  runner?: object
  sandbox?: object
  firewall?: object
  [key: string]: unknown
}

/** The token of the first owner in every test. */
export const ownerToken = 'ghp_0123456789ownerOwnerOwnerOwnerOwner'

/** For a server in this process, which nobody kills: on a busy machine it may beat late. */
export function neverKilled(settings: TestSettings = {}): TestSettings {
  return { ...settings, sessions: { lease_seconds: 30, ...settings.sessions } }
}

/** Times are short where a test waits for them, boxes small, and every port free. */
export function settingsFor(
  dataDir: string,
  options: { settings?: TestSettings; model?: ScriptedModel; api?: ModelApi; databaseUrl?: string },
): TestSettings {
  const { settings = {}, model, api, databaseUrl } = options
  return {
    port: 0,
    data: dataDir,
    admin_token: ownerToken,
    ...model?.settings(api),
    ...(databaseUrl !== undefined && { database_url: databaseUrl }),
    // Tests poll more than an hour's worth of requests.
    rate_limits: { per_hour: 0 },
    ...settings,
    sessions: { lease_seconds: 6, ...settings.sessions },
    runner: { concurrency: 4, ...settings.runner },
    sandbox: { memory_mb: 1024, ...settings.sandbox },
    // Asking every package manager of the machine takes seconds.
    firewall: { package_registries: false, ...settings.firewall },
  }
}
