import { describe, expect, test } from "vitest"
import { handlers } from "../../../src/conductor/plans.ts"
import { next, type ProvisionState, transitions } from "../../../src/states/table.ts"

const states = Object.keys(transitions) as ProvisionState[]

test("every arrow leads to a state of the table, and every state but the first can be reached", () => {
  const reached = new Set(Object.values(transitions).flatMap((events) => Object.values(events)))
  expect([...reached].filter((state) => !states.includes(state))).toEqual([])
  expect(states.filter((state) => !reached.has(state))).toEqual([])
})

describe("what is done in a state", () => {
  const operation = { id: "", attempt: 1, fence: 1, request: {} }
  test.each(Object.entries(handlers))("%s finds all of its ways out in the table", (state, { plan, where }) => {
    const from = state as ProvisionState
    const steps = plan.steps(operation, { automatedClean: true })
    expect(next(from, "fail"), "fail").toBeDefined()
    if (where === "wait") {
      const back = next(from, "resume")
      expect(handlers[back!]).toMatchObject({ plan, where: "work" })
      return
    }
    expect(next(from, plan.ends(operation)), "its end").toBeDefined()
    if (steps.some((step) => step.where === "wait")) {
      expect(handlers[next(from, "wait")!]).toMatchObject({ plan, where: "wait" })
    }
  })

  test("step names are unique in their plan: the journal goes by them", () => {
    for (const { plan } of Object.values(handlers)) {
      const names = plan.steps(operation, { automatedClean: true }).map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
    }
  })
})
