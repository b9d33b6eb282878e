import { defineErrors } from "../util/errors.ts"

export const storeErrors = defineErrors({
  STORE_CONFLICT: {
    status: 409,
    summary: "a value that must be unique is taken",
    remedy: "Choose another value, or change the record that has it.",
  },
  STORE_NO_SUCH_NODE: {
    status: 404,
    summary: "the record belongs to a node that is not in the store",
    remedy: "Enroll the node first; `bifrost-ts node list` shows what there is.",
  },
  STORE_NEWER: {
    status: 500,
    summary: "the store was written by a newer version of this program",
    remedy: "Run that version, or restore the copy of the store that was made before the upgrade.",
  },
  STORE_UNREADABLE: {
    status: 500,
    summary: "the store cannot be opened",
    remedy: "See that the file is a SQLite database that this user may write, and that the disk has room.",
  },
  STORE_REENTERED: {
    status: 500,
    summary: "the store was called from inside its own transaction",
    remedy: "Use the store that the transaction hands to its work: the outer one would wait for itself for ever.",
  },
  KEY_MISSING: {
    status: 500,
    summary: "the store holds secrets, but the key that opens them is gone",
    remedy: "Restore the key file from a copy. Without it, remove the store and enroll the nodes again.",
  },
  KEY_WRONG: {
    status: 500,
    summary: "the key file does not open the secrets of this store",
    remedy: "Restore the key file that belongs to this store: both are made, copied and restored together.",
  },
  KEY_EXPOSED: {
    status: 500,
    summary: "the key file can be read by others",
    remedy: "chmod 600 the file; if others may have read it, change the BMC passwords too.",
  },
})
