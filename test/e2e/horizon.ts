import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium } from "playwright-core"
import { parse } from "yaml"

/**
 * A program of its own, so that it can run inside the lab's network: logs in to Horizon as a person would, opens the list of
 * instances, takes a picture. Arguments: URL, clouds.yaml with who logs in, picture. Prints what the list says.
 */
const [url = "", clouds = "", picture = ""] = process.argv.slice(2)
const { username, password } = parse(readFileSync(clouds, "utf8")).clouds.bifrost.auth

const profile = mkdtempSync(join(tmpdir(), "bifrost-chromium-"))
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: "/usr/bin/chromium",
  viewport: { width: 1280, height: 800 },
  args: [
    ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
    ...["--disable-background-networking", "--disable-component-update"],
  ],
})
try {
  const page = await browser.newPage()
  page.setDefaultTimeout(120_000)
  await page.goto(new URL("/auth/login/", url).href)
  await page.fill("#id_username", username)
  await page.fill("#id_password", password)
  await page.click("#loginBtn")
  await page.waitForURL((at) => !at.pathname.includes("login"))
  await page.goto(new URL("/project/instances/", url).href)
  await page.waitForSelector("table#instances tbody tr[data-display]")
  await page.screenshot({ path: picture, fullPage: true })
  console.log(await page.innerText("table#instances"))
} finally {
  await browser.close()
  rmSync(profile, { recursive: true, force: true })
}
