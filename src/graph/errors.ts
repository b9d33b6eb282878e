import { defineErrors } from "../util/errors.ts"

export const graphErrors = defineErrors({
  GRAPH_CYCLE: {
    status: 500,
    summary: "steps wait for each other in a circle",
    remedy: "Remove one of the dependencies of the cycle from the definitions.",
  },
  GRAPH_UNSOUND: {
    status: 500,
    summary: "the graph of steps is not sound",
    remedy: "Each id may be used once, and what a step comes after must exist.",
  },
  STEP_LEFT_OUT: {
    status: 409,
    summary: "what was asked for rests on something that was left out and is not as wanted",
    remedy: "Add --with-dependencies, which brings that about too, or leave --only and --host out.",
  },
  STEP_NOT_CONVERGED: {
    status: 500,
    summary: "a step was done, and what it should have changed is still not as wanted",
    remedy: "Something else changes it too, or the step is wrong; run the plan again to see what differs.",
  },
})
