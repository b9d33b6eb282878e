/** Completion codes (IPMI 2.0 §5.2, Table 5-2). */
export const completion = {
  ok: 0x00,
  busy: 0xc0,
  invalidCommand: 0xc1,
  timeout: 0xc3,
  outOfSpace: 0xc4,
  reservationCanceled: 0xc5,
  truncated: 0xc6,
  wrongLength: 0xc7,
  tooLong: 0xc8,
  outOfRange: 0xc9,
  cannotReturnBytes: 0xca,
  notPresent: 0xcb,
  invalidField: 0xcc,
  cannotRespond: 0xce,
  duplicate: 0xcf,
  sdrUpdating: 0xd0,
  firmwareUpdating: 0xd1,
  initialising: 0xd2,
  insufficientPrivilege: 0xd4,
  notInThisState: 0xd5,
  disabled: 0xd6,
  unspecified: 0xff,
} as const

const names: Readonly<Record<number, string>> = {
  [completion.ok]: "completed",
  [completion.busy]: "node busy",
  [completion.invalidCommand]: "invalid command",
  194: "command invalid for the given LUN",
  [completion.timeout]: "timeout while processing the command",
  [completion.outOfSpace]: "out of space",
  [completion.reservationCanceled]: "reservation cancelled or invalid",
  [completion.truncated]: "request data truncated",
  [completion.wrongLength]: "request data length invalid",
  [completion.tooLong]: "request data field length limit exceeded",
  [completion.outOfRange]: "parameter out of range",
  [completion.cannotReturnBytes]: "cannot return the number of requested bytes",
  [completion.notPresent]: "requested sensor, data or record not present",
  [completion.invalidField]: "invalid data field in request",
  205: "command illegal for the sensor or record type",
  [completion.cannotRespond]: "response could not be provided",
  [completion.duplicate]: "cannot execute a duplicated request",
  [completion.sdrUpdating]: "SDR repository in update mode",
  [completion.firmwareUpdating]: "device in firmware update mode",
  [completion.initialising]: "BMC initialisation in progress",
  211: "destination unavailable",
  [completion.insufficientPrivilege]: "insufficient privilege level",
  [completion.notInThisState]: "command not supported in the present state",
  [completion.disabled]: "command disabled or unavailable",
  [completion.unspecified]: "unspecified error",
}

/** e.g. "C0h node busy". Codes 80h…BEh are each command's own, 01h…7Eh the vendor's (Table 5-2). */
export function describeCompletion(code: number): string {
  const kind = code >= 0x80 && code <= 0xbe ? "specific to this command" : "the vendor's own"
  return `${code.toString(16).padStart(2, "0").toUpperCase()}h ${names[code] ?? kind}`
}
