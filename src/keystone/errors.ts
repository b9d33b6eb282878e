import { defineErrors } from "../util/errors.ts"

export const keystoneErrors = defineErrors({
  KEYSTONE_UNREACHABLE: {
    status: 504,
    summary: "Keystone did not answer in time",
    remedy: "Is the container keystone healthy, and can this machine reach that address? What has been done is kept.",
  },
  KEYSTONE_INTERRUPTED: {
    status: 502,
    summary: "the connection to Keystone broke before it said whether a request was carried out",
    remedy: "Run the command again: it looks first at what is there.",
  },
  KEYSTONE_LOGIN_REFUSED: {
    status: 502,
    summary: "Keystone does not let the administrator in",
    remedy:
      "Is keystone_admin_password what Keystone knows? A deploy that runs bootstrap_keystone_admin again sets it.",
  },
  KEYSTONE_REFUSED: {
    status: 502,
    summary: "Keystone refused a request",
    remedy: "Keystone's own words are above; the log of the container keystone says more.",
  },
})
