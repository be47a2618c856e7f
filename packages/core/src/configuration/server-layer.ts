import type { OrganizationConfiguration, Settings } from '@errand/contract'

/** What the server's own settings say of every repository; those of automations are said in two places. */
export function serverLayer(
  settings: Settings,
): Pick<OrganizationConfiguration, 'defaults' | 'enforced'> {
  const {
    is_automations_enabled: isEnabled,
    require_write_access_for_automation_triggers: isStrict,
  } = settings.automations
  const { defaults, enforced } = settings.configuration
  return {
    defaults: {
      ...(isStrict ? {} : { require_write_access_for_automation_triggers: false }),
      ...defaults,
    },
    enforced: { ...enforced, ...(isEnabled ? {} : { is_automations_enabled: false }) },
  }
}
