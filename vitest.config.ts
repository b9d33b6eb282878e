import { defineConfig } from "vitest/config"
import { LongestFirst } from "./scripts/longest-first.ts"

/**
 * `unit` needs nothing but Node; `interop`, `e2e` and `cloud` need root, the Debian packages of scripts/setup, and
 * network namespaces (and, for e2e and cloud, QEMU and a Docker Engine). Interop files run two at a time, each in a world of
 * its own: much of their time is waiting.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 30_000 } },
      {
        test: {
          name: "interop",
          include: ["test/interop/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: ["test/e2e/cloud.test.ts"],
          testTimeout: 1_500_000,
          hookTimeout: 1_500_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "cloud",
          include: ["test/e2e/cloud.test.ts"],
          testTimeout: 1_500_000,
          hookTimeout: 3_600_000,
        },
      },
    ],
  },
})
