import type { FoundCheck } from './place.ts'

/** How tests, linters and compilers are called where no script of the repository names them. */
const known = [
  String.raw`(npm|pnpm|yarn|bun)( run)? (t|test|lint|check|types?|type-?check)\b`,
  String.raw`node\b[^|;&]* --test\b`,
  String.raw`(vitest|jest|mocha|ava|tap|pytest|tox|tsc|eslint|oxlint|ruff|mypy|rspec|phpunit|ctest)\b`,
  String.raw`python3?\b[^|;&]* -m (pytest|unittest)\b`,
  String.raw`cargo (test|check|clippy)\b`,
  String.raw`go (test|vet)\b`,
  String.raw`(mvn|\./mvnw|gradle|\./gradlew)\b[^|;&]* (test|check|verify)\b`,
  String.raw`make (-\S+ )*(tests?|check|lint)\b`,
]
/** At the beginning of a command, whatever it is started by. */
const pattern = new RegExp(
  String.raw`(^|[|;&(]|\n)\s*(\w+=\S*\s+)*((time|timeout \S+|npx( --\S+)*|pnpm exec|yarn exec|python3? -m|poetry run|uv run)\s+)*(\S*/)?(${known.join('|')})`,
)

/** Whether a command tests or checks the repository. */
export function isCheck(command: string, found: readonly FoundCheck[]): boolean {
  return pattern.test(command) || found.some((check) => command.includes(check.command))
}
