import { expect, it } from 'vitest'
import { runCli } from '../testing/run-cli.ts'

const environment = { ERRAND_URL: 'http://127.0.0.1:9', ERRAND_TOKEN: 'token' }

it.each([
  [['p'], 'An automation needs a time or an event.'],
  [['p', '--on', 'nonsense'], 'There is no such event'],
  [['p', '--on', 'issues=melted'], 'issues.types.0'],
  [['p', '--on', 'issues={"labels":"agent"}'], 'issues.labels'],
  [['p', '--on', 'issues={'], 'It is no JSON'],
  [['p', '--time-zone', 'UTC'], '--time-zone belongs to --cron'],
  [['p', '--hour', '4'], '--hour, --minute and --day belong to --every.'],
  [['p', '--every', 'daily'], '--every daily needs --hour'],
  [['p', '--every', 'weekly', '--hour', '4'], '--every weekly needs --day'],
  [['p', '--every', 'hourly', '--minute', '7'], '--minute must be 0, 15, 30 or 45'],
  [['p', '--every', 'weekly', '--hour', '4', '--day', 'no'], 'sunday'],
  [['p', '--every', 'daily', '--cron', '* * * * *'], 'cannot be used with'],
  [['p', '--every', 'hourly', '--limit', 'year=1'], 'Write it like day=1000000000.'],
  [['p', '--template', 'release', '--every', 'hourly'], 'Give either a prompt or --template'],
  [['--template', 'nonsense', '--every', 'hourly'], 'There is no recipe "nonsense"'],
  [['--every', 'hourly'], 'A task needs a prompt.'],
])('create %j says what is wrong, before anything is sent', async (args, message) => {
  const options = { environment }
  const { err, code } = await runCli(['automation', 'create', '-R', 'me/shop', ...args], options)

  expect(err).toContain(message)
  expect(code).toBe(1)
})
