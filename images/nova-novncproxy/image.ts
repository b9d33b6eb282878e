import { defineImage } from "../../src/build/containers/definition.ts"

/** noVNC's pages alone: the package would bring Node.js for its own proxy, which nova's takes the place of. */
export default defineImage({
  name: "nova-novncproxy",
  summary: "OpenStack compute: consoles in the browser",
  from: "nova-base",
  extract: { novnc: ["./usr/share/novnc/*"] },
  rpm: { packages: ["novnc"] },
  prune: ["/usr/share/novnc/utils"],
  health: "healthcheck_curl http://127.0.0.1:6080/vnc_lite.html",
})
