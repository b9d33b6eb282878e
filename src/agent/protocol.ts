/**
 * Ironic's agent protocol as both sides see it: what the service answers to a lookup, what the agent reports, and the
 * commands of its API on port 9999. Field names are Ironic's, so that a stock agent or a stock conductor can stand in.
 * What is ours alone: `standby.boot_image` and the progress report.
 */

export const AGENT_PORT = 9999
/** Sent as `agent_version`; a stock conductor only asks that it parses as a version. */
export const AGENT_VERSION = "11.0.0"
/** The token in a lookup answer when it was handed out before. */
export const TOKEN_WITHHELD = "******"
/** Ours: 64 hex digits that the agent drew for this boot. To who knows them, a lookup tells the token again. */
export const BOOT_KEY_HEADER = "x-bifrost-boot-key"

// ---- agent → service -------------------------------------------------------------------------------------------------

/** `GET /v1/lookup?addresses=mac,mac&node_uuid=`; 404 while no node that waits for an agent has one of the addresses. */
export interface LookupAnswer {
  readonly node: AgentNode
  readonly config: AgentConfig
}

/** The node as the agent is told of it, in a lookup and with each step. */
export interface AgentNode {
  readonly uuid: string
  readonly properties: { readonly root_device?: RootDeviceHints; readonly [key: string]: unknown }
  readonly instance_info: { readonly root_device?: RootDeviceHints; readonly [key: string]: unknown }
  readonly driver_internal_info: Readonly<Record<string, unknown>>
}

export interface AgentConfig {
  /** Seconds without a heartbeat after which the service takes the agent for dead. */
  readonly heartbeat_timeout: number
  /** ≥ 32 characters, handed out once per boot of the ramdisk; then `******`, but to the boot key that got it. */
  readonly agent_token?: string
  readonly agent_token_required?: boolean
  readonly [key: string]: unknown
}

/**
 * Ironic's root-device hints. A number or string may carry an operator: `>= 20`, `s== QEMU`, `<or> a <or> b`,
 * `<in> virtio`. `size` is in GiB.
 */
export interface RootDeviceHints {
  readonly serial?: string
  readonly wwn?: string
  readonly wwn_with_extension?: string
  readonly wwn_vendor_extension?: string
  readonly model?: string
  readonly vendor?: string
  readonly name?: string
  readonly by_path?: string
  readonly hctl?: string
  readonly size?: number | string
  readonly rotational?: boolean | string
}

/** `POST /v1/heartbeat/:uuid` → 202. */
export interface Heartbeat {
  /** `http://<address>:9999`; stays the same for the life of the agent. */
  readonly callback_url: string
  readonly agent_token: string
  readonly agent_version: string
  readonly agent_status?: "start" | "end" | "error"
  readonly agent_status_message?: string
}

/** `POST /v1/agent/:uuid/progress` → 204, at most twice a second; nothing depends on its arrival. */
export interface Progress {
  readonly agent_token: string
  readonly step: ProgressStep
  /** Bytes of the image as transferred; 0/0 for a step that has no measure. `total` is 0 when unknown. */
  readonly done: number
  readonly total: number
  readonly message: string
  /** Bytes put on the disk, and bytes that were holes. */
  readonly written?: number
  readonly skipped?: number
  /** Transfer, bytes per second since the step began. */
  readonly rate?: number
}

export type ProgressStep = "write_image" | "write_config_drive" | "erase_devices" | "boot_image"

// ---- service → agent -------------------------------------------------------------------------------------------------

/** `POST /v1/commands/?wait=true|false&agent_token=T` → CommandResult. Wrong token 401, busy 409, unknown command 400. */
export interface CommandRequest {
  readonly name: string
  readonly params: Readonly<Record<string, unknown>>
}

export type CommandStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "CLEAN_VERSION_MISMATCH"

export interface CommandResult<R = unknown> {
  readonly id: string
  readonly command_name: string
  readonly command_params: Readonly<Record<string, unknown>>
  readonly command_status: CommandStatus
  readonly command_error: CommandError | null
  readonly command_result: R | null
}

export interface CommandError {
  /** Name of the kind of failure: the agent's own code (`IMAGE_TOO_LARGE`, …), or a stock agent's exception class. */
  readonly type: string
  /** HTTP status that fits it. */
  readonly code: number
  readonly message: string
  /** Causes, outermost first, joined by `: `; and what to do. */
  readonly details: string
}

/** `GET /v1/commands`. */
export interface CommandList {
  readonly commands: readonly CommandResult[]
}

/** `GET /v1/status`: `started_at` in epoch seconds. */
export interface AgentStatus {
  readonly started_at: number
  readonly version: string
}

/** Body of an answer ≥ 400. */
export interface Fault {
  readonly faultcode: "Client" | "Server"
  readonly faultstring: string
}

export type StepKind = "deploy" | "clean" | "service"

export interface Step {
  readonly interface: string
  readonly step: string
  readonly priority?: number
  readonly args?: Readonly<Record<string, unknown>>
  readonly abortable?: boolean
  readonly reboot_requested?: boolean
}

/** What `{deploy,clean,service}.get_*_steps` takes. */
export interface GetStepsParams {
  readonly node: AgentNode
  readonly ports: readonly unknown[]
}

type Versions = Readonly<Record<string, string>>
type StepsByManager = Readonly<Record<string, readonly Step[]>>

/** What `execute_*_step` takes; `*_version` is what get_*_steps answered, compared before the step runs. */
export type ExecuteStepParams = {
  readonly step: Step
  readonly node: AgentNode
  readonly ports: readonly unknown[]
  readonly deploy_version?: Versions
  readonly clean_version?: Versions
  readonly service_version?: Versions
}

/** Arguments of the deploy step `write_image` and of `standby.prepare_image`. */
export interface WriteImageArgs {
  readonly image_info: ImageInfo
  /** gzip + base64 of an ISO 9660 image, or a URL of that text. */
  readonly configdrive?: string | null
}

export interface ImageInfo {
  readonly id: string
  /** http:// or https://, for which the certificate authorities count that Node brings; tried in order. */
  readonly urls: readonly string[]
  /** `raw` covers raw.gz, raw.xz and raw.zst: the compression is recognised by its magic. Absent: recognised. */
  readonly disk_format?: "raw" | "qcow2" | (string & {})
  readonly os_hash_algo?: "sha256" | "sha512" | (string & {})
  /** Hex, of the file as transferred; or a URL of a checksums file (`<hex>  <name>` lines). */
  readonly os_hash_value?: string
  /** Ironic's older form of sha256/sha512 by its length; md5 is refused. */
  readonly checksum?: string
  readonly image_type?: "whole-disk-image" | (string & {})
  readonly stream_raw_images?: boolean
  readonly node_uuid?: string
  readonly deploy_boot_mode?: "bios" | "uefi" | (string & {})
  /** Ours: sizes in bytes, when known; too large an image is then refused before a byte is transferred. */
  readonly size?: number
  readonly virtual_size?: number
  readonly [key: string]: unknown
}

/** What `deploy_result` of write_image says (a stock agent: a sentence). */
export interface WriteImageResult {
  readonly device: string
  readonly transferred: number
  readonly virtual_size: number
  readonly written: number
  readonly skipped: number
  readonly seconds: number
  readonly message: string
}

export interface PartitionUuids {
  readonly "root uuid"?: string
  readonly "efi system partition uuid"?: string
  readonly "PReP Boot partition uuid"?: string
}

/** How `standby.boot_image` leaves the ramdisk. It answers before it leaves; then the agent says no more. */
export interface BootImageResult {
  readonly method: "kexec" | "reset"
  /** The system that is booted, or why kexec is not possible. */
  readonly message: string
}

/** Every command that the agent knows: `sync` ones answer at once, `async` ones answer RUNNING unless `wait=true`. */
export interface Commands {
  "deploy.get_deploy_steps": {
    params: GetStepsParams
    result: { deploy_steps: StepsByManager; hardware_manager_version: Versions }
  }
  "clean.get_clean_steps": {
    params: GetStepsParams
    result: { clean_steps: StepsByManager; hardware_manager_version: Versions }
  }
  "service.get_service_steps": {
    params: GetStepsParams
    result: { service_steps: StepsByManager; hardware_manager_version: Versions }
  }
  "deploy.execute_deploy_step": { params: ExecuteStepParams; result: { deploy_result: unknown; deploy_step: Step } }
  "clean.execute_clean_step": { params: ExecuteStepParams; result: { clean_result: unknown; clean_step: Step } }
  "service.execute_service_step": { params: ExecuteStepParams; result: { service_result: unknown; service_step: Step } }
  "standby.prepare_image": { params: WriteImageArgs & { node?: AgentNode }; result: { result: string } }
  "standby.get_partition_uuids": { params: Record<string, never>; result: PartitionUuids }
  "standby.sync": { params: Record<string, never>; result: null }
  "standby.run_image": { params: Record<string, never>; result: null }
  "standby.power_off": { params: Record<string, never>; result: null }
  /** `kexec: false` asks for a reset whatever the image allows. */
  "standby.boot_image": { params: { kexec?: boolean }; result: BootImageResult }
  "image.install_bootloader": { params: Readonly<Record<string, unknown>>; result: null }
  "poll.get_hardware_info": { params: Record<string, never>; result: Inventory }
  "log.collect_system_logs": { params: Record<string, never>; result: { system_logs: string } }
}

export type CommandName = keyof Commands

// ---- inventory (poll.get_hardware_info, inspection) ----------------------------------------------------------------

export interface Inventory {
  readonly interfaces: readonly InventoryInterface[]
  readonly cpu: { model_name: string; count: number; sockets: number; architecture: string; flags: readonly string[] }
  /** `total` in bytes, as the kernel has it; `physical_mb` as fitted. */
  readonly memory: { total: number; physical_mb: number }
  readonly disks: readonly InventoryDisk[]
  readonly bmc_address: string | null
  readonly bmc_mac: string | null
  readonly system_vendor: { product_name: string; serial_number: string; manufacturer: string }
  readonly boot: { current_boot_mode: "bios" | "uefi"; pxe_interface: string | null }
  readonly hostname: string
}

export interface InventoryInterface {
  readonly name: string
  readonly mac_address: string
  readonly ipv4_address: string | null
  readonly ipv6_address: string | null
  readonly has_carrier: boolean
  /** PCI ids, `0x8086`; null for what is not PCI. */
  readonly vendor: string | null
  readonly product: string | null
  readonly driver: string | null
  readonly speed_mbps: number | null
}

export interface InventoryDisk {
  /** `/dev/vda`. */
  readonly name: string
  readonly by_path: string | null
  readonly model: string
  readonly vendor: string | null
  /** Bytes. */
  readonly size: number
  readonly rotational: boolean
  readonly serial: string | null
  readonly wwn: string | null
  readonly hctl: string | null
  readonly logical_sectors: number
  readonly physical_sectors: number
}
