import { defineErrors } from "../util/errors.ts"

export const apiErrors = defineErrors({
  REQUEST_INVALID: {
    status: 400,
    summary: "the request cannot be understood",
    remedy: "Correct what is named and send it again.",
  },
  FIELD_UNKNOWN: {
    status: 400,
    summary: "no such field",
    remedy: "Leave it out, or ask for a newer API version if it is newer than the one requested.",
  },
  FIELD_INVALID: { status: 400, summary: "a field has a wrong value", remedy: "Correct the field." },
  FIELD_FIXED: {
    status: 400,
    summary: "a field cannot be changed",
    remedy: "Leave it out.",
  },
  NOT_FOUND: { status: 404, summary: "there is no such thing", remedy: "Look for its name or id in the list." },
  NODE_NOT_REMOVABLE: {
    status: 409,
    summary: "the node's state does not allow that its record is removed",
    remedy: "Undeploy it and bring it to manageable first, or set it to maintenance.",
  },
  VERSION_NOT_OFFERED: {
    status: 406,
    summary: "this API version is not offered",
    remedy: "Ask for one between the minimum and the maximum that the headers name.",
  },
  NOT_AUTHENTICATED: {
    status: 401,
    summary: "user name or password is wrong or missing",
    remedy: "Send HTTP basic credentials (`bifrost-ts api-password` makes them); `bifrost-ts` itself needs none.",
  },
  SOCKET_TAKEN: {
    status: 500,
    summary: "another service already answers on the API's socket",
    remedy: "Stop it first (bifrost-ts down); one service owns a state directory.",
  },
  NOT_LOOPBACK: {
    status: 500,
    summary: "the API listens with HTTP only, hence only on this machine",
    remedy: "Give 127.0.0.1 or ::1, and reach it from elsewhere through SSH or a TLS proxy.",
  },
})
