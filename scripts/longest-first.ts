import { BaseSequencer, type TestSpecification } from "vitest/node"

/** Files of a minute and more. Of two at a time, a long one that begins last would run alone. */
const long = [
  "interop/deploy/keystone",
  "interop/deploy/cluster",
  "interop/deploy/front",
  "interop/deploy/faults",
  "interop/conductor/kill",
  "interop/build/boot",
  "interop/build/containers/programs",
  "interop/conductor/faults",
  "interop/keystone/catalog",
]

/** The order of test files, which a fresh clone has no earlier run to learn from. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = long.findIndex((path) => moduleId.includes(`/test/${path}.test.ts`))
      return found === -1 ? long.length : found
    }
    return files.toSorted((one, other) => place(one) - place(other))
  }
}
