import { autoexecScript } from "../../pxe/scripts.ts"
import { folderSource, memoryFile, safeRelativePath, type TftpSource } from "../tftp/source.ts"

/** STATE/boot by TFTP, with a stub of autoexec.ipxe, which newer iPXE asks for beside itself. */
export function loaderSource(folder: string, baseUrl: string): TftpSource {
  const files = folderSource(folder)
  return {
    async open(path) {
      if (safeRelativePath(path) === "autoexec.ipxe") return memoryFile(autoexecScript(baseUrl))
      return files.open(path)
    },
  }
}
