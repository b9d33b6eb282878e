import { defineErrors } from "../util/errors.ts"

export const buildErrors = defineErrors({
  CACHE_FULL: {
    status: 507,
    summary: "no room for the cache",
    remedy: "Free some space, run `bifrost-ts images prune`, or name a larger place with BIFROST_CACHE.",
  },
  STATE_FULL: {
    status: 507,
    summary: "no room for what the build publishes",
    remedy: "Free some space, or name a larger place with BIFROST_STATE.",
  },
  CACHE_UNUSABLE: {
    status: 500,
    summary: "the cache directory cannot be used",
    remedy: "Name a directory that this user may write with BIFROST_CACHE.",
  },
  NOT_BUILDABLE: {
    status: 400,
    summary: "there is nothing of that name to build",
    remedy: "`bifrost-ts images build --help` lists what can be built.",
  },
  NEEDS_ROOT: {
    status: 403,
    summary: "building a root filesystem takes root",
    remedy: "Run the same command as root.",
  },
  RAMDISK_INCOMPLETE: {
    status: 500,
    summary: "the ramdisk lacks something that it was to hold",
    remedy: "Check images/ramdisk/ramdisk.ts against the packages of the suite it names.",
  },
  MIRROR_UNKNOWN: {
    status: 500,
    summary: "apt on this machine names no archive of Debian",
    remedy: "Add one whose path ends in /debian to /etc/apt/sources.list; images are made from its packages.",
  },
  BOOT_LOADER_UNEXPECTED: {
    status: 500,
    summary: "the boot loader is not laid out as expected",
    remedy: "The suite's GRUB has changed: compare src/build/os/grub.ts with GRUB's boot/i386/pc sources.",
  },
  IMAGE_TOO_SMALL: {
    status: 500,
    summary: "the files do not fit into the disk image",
    remedy: "Raise `slack` in the image's definition.",
  },
  NOT_BUILT: {
    status: 409,
    summary: "what should be copied is not there",
    remedy: "Build it first: bifrost-ts images build ramdisk, os, provisioner and containers.",
  },
  ENGINE_MISSING: {
    status: 503,
    summary: "no Docker Engine answers",
    remedy: "Start one: scripts/engine start.",
  },
  ENGINE_REFUSED: {
    status: 502,
    summary: "the Docker Engine did not make the image",
    remedy: "See the engine's own message; `docker system df` shows whether it has room.",
  },
})
