import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync } from "node:fs"
import { relative } from "node:path"

/**
 * `npm test`: every test, project by project, each with its seconds; ends with the line "N passed, N failed". Arguments
 * name projects (`npm test -- unit interop`); without one all run.
 */
// The end-to-end tests build what services run in; tests of images that are there find them all afterwards.
const projects = process.argv.length > 2 ? process.argv.slice(2) : ["unit", "e2e", "cloud", "interop"]
const totals = { passed: 0, failed: 0, skipped: 0 }
const seconds: Record<string, number> = {}
const failures: string[] = []
let broken = false

interface FileResult {
  readonly name: string
  readonly status: string
  readonly message: string
  readonly assertionResults: readonly { status: string; fullName: string; failureMessages?: readonly string[] }[]
}

/** What failed, file by file; a file's own message is that of a hook or an import. */
const failuresOf = (files: readonly FileResult[]) =>
  files.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name)
    const tests = assertionResults.filter((test) => test.status === "failed")
    if (status === "failed" && tests.length === 0) return [`FAIL ${file}\n${message}`]
    return tests.map(
      ({ fullName, failureMessages = [] }) => `FAIL ${file} > ${fullName}\n${failureMessages.join("\n")}`,
    )
  })

mkdirSync("test-results", { recursive: true })
for (const project of projects) {
  const report = `test-results/${project}.json`
  rmSync(report, { force: true })
  const started = Date.now()
  const args = ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
  const { status } = spawnSync("vitest", args, { stdio: "inherit" })
  seconds[project] = (Date.now() - started) / 1000
  if (status !== 0) broken = true
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, "utf8"))
    totals.passed += numPassedTests
    totals.failed += numFailedTests
    totals.skipped += numPendingTests
    failures.push(...failuresOf(testResults))
  } catch {
    broken = true
    totals.failed++
    console.error(`${project}: vitest ended without a report`)
  }
}

if (process.env.CI === "true" && totals.skipped > 0) {
  broken = true
  console.error(`${totals.skipped} tests were skipped; in CI a missing capability is a failure`)
}
// A failure outside any test (a hook, an import) is a failure all the same.
if (broken && totals.failed === 0) totals.failed++
// Once more at the end: the hundreds of lines above them are often cut off.
for (const failure of failures) console.error(failure)
for (const [project, value] of Object.entries(seconds)) console.log(`${project}: ${value.toFixed(1)} s`)
console.log(`${totals.passed} passed, ${totals.failed} failed`)
process.exitCode = totals.failed === 0 ? 0 : 1
