import type { FileDefinition, ServiceContext } from "../../src/deploy/service.ts"

/** A script that is a container's command, where one line does not say it all. Ends at the first line that fails. */
export const startFile = (
  folder: string,
  name: string,
  lines: (context: ServiceContext) => readonly string[],
): FileDefinition => ({
  name,
  dest: `${folder}/${name}`,
  owner: "root:root",
  perm: "0755",
  content: (context) => `${["#!/bin/bash", "set -o errexit", ...lines(context)].join("\n")}\n`,
})
