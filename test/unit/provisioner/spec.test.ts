import { expect, test } from "vitest"
import { label, networkHolder, service } from "../../../src/provisioner/spec.ts"

const paths = { state: "/srv/bifrost", cache: "/srv/cache" }
const options = { paths, image: "provisioner:1", interface: "eno2" }

test("every option of up reaches the service", () => {
  expect(service(options).Cmd).toEqual(["serve", "--interface", "eno2"])
  const all = { range: "10.0.0.100-10.0.0.200", discover: true, automatedClean: true, apiPort: 6385 }
  expect(service({ ...options, ...all }).Cmd).toEqual(
    "serve --interface eno2 --range 10.0.0.100-10.0.0.200 --discover --automated-clean --api-port 6385".split(" "),
  )
})

test("another option is another container: up makes it anew", () => {
  const fingerprint = (more: object) => service({ ...options, ...more }).Labels?.[label]
  expect(fingerprint({})).toBe(fingerprint({ discover: false }))
  expect(fingerprint({ apiPort: 6385 })).not.toBe(fingerprint({}))
  expect(fingerprint({ apiPort: 6385 })).not.toBe(fingerprint({ apiPort: 6386 }))
})

test("it has two capabilities and a user of its own; the host's network only without a lab", () => {
  for (const lab of [undefined, "rack"]) {
    const { User, HostConfig } = service({ ...options, ...(lab ? { lab } : {}) })
    expect(User).not.toBe("0")
    expect(HostConfig).toMatchObject({
      CapDrop: ["ALL"],
      CapAdd: ["NET_BIND_SERVICE", "NET_RAW"],
      ReadonlyRootfs: true,
    })
    expect(HostConfig?.NetworkMode).toBe(lab ? "container:bifrost-ts-net-rack" : "host")
  }
  expect(networkHolder({ ...options, lab: "rack" }).HostConfig?.CapAdd).toBeUndefined()
})
