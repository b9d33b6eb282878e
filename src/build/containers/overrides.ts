/** Named places in a Dockerfile where an operator's own lines go. */
export const blockNames = ["header", "packages", "files", "footer"] as const
export type BlockName = (typeof blockNames)[number]

/** What an operator changes in one image. Paths are absolute. */
export interface ImageOverride {
  readonly packages?: {
    readonly add?: readonly string[]
    readonly remove?: readonly string[]
    readonly replace?: readonly string[]
  }
  /** Lines of a Dockerfile. */
  readonly blocks?: Readonly<Partial<Record<BlockName, string>>>
  /** Path in the image → file here. */
  readonly files?: Readonly<Record<string, { readonly source: string; readonly mode?: string }>>
  readonly plugins?: {
    readonly deb?: readonly string[]
    /** Requirements. They come without what they depend on, unless the image has a virtual environment of its own. */
    readonly pip?: readonly string[]
  }
  /** Applied with -p1 where Python's modules are, in this order. */
  readonly patches?: readonly string[]
  /** Project → a folder here, or what pip takes: `git+https://…@branch`, a version. For install type source. */
  readonly source?: Readonly<Record<string, string>>
}

export type ImageOverrides = Readonly<Record<string, ImageOverride>>
