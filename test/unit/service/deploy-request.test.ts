import { expect, test } from "vitest"
import { deployRequest } from "../../../src/service/runs/deploy-request.ts"

test("a request is read for its verb, and refused when it says what the verb does not take", () => {
  const request = { dry_run: true, only: ["nova"], hosts: ["h1"], until: "keystone", with_dependencies: true }
  expect(deployRequest("deploy", request)).toEqual({
    ...{ dryRun: true, includeData: false, confirm: undefined },
    scope: { only: ["nova"], hosts: ["h1"], until: "keystone", withDependencies: true },
  })
  expect(deployRequest("destroy", { include_data: true, confirm: "RegionOne" })).toMatchObject({
    ...{ includeData: true, confirm: "RegionOne", scope: { withDependencies: false } },
  })
  const refused = [
    () => deployRequest("stop", { until: "keystone" }),
    () => deployRequest("deploy", { only: [] }),
    () => deployRequest("deploy", { include_data: true }),
    () => deployRequest("pull", { only: "nova" }),
  ]
  for (const read of refused) expect(read).toThrow(expect.objectContaining({ code: "RUN_INVALID" }))
})
