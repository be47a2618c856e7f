import { Settings } from '@errand/contract'

import { probeHost } from '../host-probe.ts'

/** For a test that started it where /proc is masked: prints what the host's probe finds there. */
const { sandbox } = Settings.parse({ sandbox: { level: process.argv[2] } })
process.stdout.write(JSON.stringify(await probeHost(sandbox)))
