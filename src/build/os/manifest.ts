/** What the provisioner knows about an image: `STATE/images/NAME.json`. */
export interface ImageManifest {
  readonly name: string
  readonly format: "raw.zst"
  /** Beside the manifest. */
  readonly file: string
  /** Of the file, bytes. */
  readonly size: number
  /** Of the disk that it unpacks to, bytes. */
  readonly virtual_size: number
  /** Of the file, as it is transferred. */
  readonly sha256: string
  readonly built_from: {
    readonly suite: string
    readonly kernel: string
    /** Fingerprint of the definition. */
    readonly inputs: string
  }
}
