import type { Command } from "commander"

/** Adds a file's commands to the program. */
export type Register = (program: Command) => void

interface CommandFile {
  /** The first words that the file registers. */
  readonly words: readonly string[]
  readonly load: () => Promise<Register>
}

/** In the order of --help: the main job first. Loaded on need, as all of them would cost each call half a second. */
export const commandFiles: readonly CommandFile[] = [
  { words: ["enroll"], load: async () => (await import("./enroll.ts")).registerEnroll },
  { words: ["provision"], load: async () => (await import("./provision.ts")).registerProvision },
  { words: ["deploy", "reconfigure", "plan"], load: async () => (await import("./deploy.ts")).registerDeploy },
  {
    words: ["bootstrap-servers", "pull", "post-deploy", "stop", "start", "destroy"],
    load: async () => (await import("./lifecycle.ts")).registerLifecycle,
  },
  { words: ["prechecks", "check"], load: async () => (await import("./checks.ts")).registerChecks },
  { words: ["service"], load: async () => (await import("./service.ts")).registerService },
  { words: ["site"], load: async () => (await import("./site.ts")).registerSite },
  { words: ["secrets"], load: async () => (await import("./secrets.ts")).registerSecrets },
  { words: ["certificates"], load: async () => (await import("./certificates.ts")).registerCertificates },
  { words: ["genconfig"], load: async () => (await import("./genconfig.ts")).registerGenconfig },
  { words: ["validate"], load: async () => (await import("./validate.ts")).registerValidate },
  { words: ["explain"], load: async () => (await import("./explain.ts")).registerExplain },
  { words: ["node"], load: async () => (await import("./node.ts")).registerNode },
  { words: ["run"], load: async () => (await import("./run.ts")).registerRun },
  { words: ["events"], load: async () => (await import("./events.ts")).registerEvents },
  { words: ["inventory"], load: async () => (await import("./inventory.ts")).registerInventory },
  { words: ["images"], load: async () => (await import("./images/register.ts")).registerImages },
  { words: ["lab"], load: async () => (await import("./lab.ts")).registerLab },
  {
    words: ["up", "down", "logs", "status"],
    load: async () => (await import("./provisioner.ts")).registerProvisioner,
  },
  { words: ["serve"], load: async () => (await import("./serve.ts")).registerServe },
  { words: ["api-password"], load: async () => (await import("./api-password.ts")).registerApiPassword },
  { words: ["ssh-key"], load: async () => (await import("./ssh-key.ts")).registerSshKey },
  { words: ["timeline"], load: async () => (await import("./timeline.ts")).registerTimeline },
  { words: ["completion"], load: async () => (await import("./completion.ts")).registerCompletion },
]

/** Registers what the first word asks for: its own file, or all when it is none's, asks for help, or completes any. */
export async function registerFor(program: Command, word: string | undefined): Promise<void> {
  const own = commandFiles.filter(({ words }) => word !== "completion" && words.includes(word ?? ""))
  for (const { load } of own.length > 0 ? own : commandFiles) (await load())(program)
}
