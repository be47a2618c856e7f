import { readFileSync } from 'node:fs'
import { Settings } from '@errand/contract'
import { createLog, startServer } from 'errand'

// A program: `errand serve` with a clock that a test moves. Arguments: a file with the settings as JSON, and
// one with the milliseconds its clock is ahead of the real one, which is read anew each time.

const [settingsFile = '', clockFile = ''] = process.argv.slice(2)
const settings = Settings.parse(JSON.parse(readFileSync(settingsFile, 'utf8')))
const clock = {
  now: () => new Date(Date.now() + Number(readFileSync(clockFile, 'utf8'))),
}
const log = createLog('info', {
  write: (line) => void process.stdout.write(line),
  isInteractive: false,
  paint: (_, text) => text,
})
const server = await startServer(settings, process.env, log, { clock })
process.once('SIGTERM', () => void server.close())
