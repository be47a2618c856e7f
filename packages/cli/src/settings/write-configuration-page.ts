import { writeFileSync } from 'node:fs'
import { presentConfigurationPage } from './configuration-page.ts'

/** Writes docs/configuration.md anew, after the settings' schema was changed. */
writeFileSync(
  new URL('../../../../docs/configuration.md', import.meta.url),
  presentConfigurationPage(),
)
