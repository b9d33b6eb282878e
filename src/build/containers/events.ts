import type { ImageResult } from "./build.ts"

/** What a build of many images tells while it goes on. */
export type BuildEvent =
  | { readonly kind: "begin"; readonly image: string }
  | { readonly kind: "line"; readonly image: string; readonly line: string }
  /** `error` is what the network did; the image is tried again after `seconds`. */
  | { readonly kind: "retry"; readonly image: string; readonly error: string; readonly seconds: number }
  | { readonly kind: "end"; readonly image: string; readonly result: ImageResult }
