import { readFileSync } from "node:fs"
import { parse } from "yaml"
import { withPage } from "./browser.ts"

/**
 * A program of its own, so that it can run inside the lab's network: logs in to Horizon as a person would, opens the list of
 * instances, takes a picture. Arguments: URL, clouds.yaml with who logs in, picture. Prints what the list says.
 */
const [url = "", clouds = "", picture = ""] = process.argv.slice(2)
const { username, password } = parse(readFileSync(clouds, "utf8")).clouds.bifrost.auth

await withPage(async (page) => {
  await page.goto(new URL("/auth/login/", url).href)
  await page.fill("#id_username", username)
  await page.fill("#id_password", password)
  await page.click("#loginBtn")
  await page.waitForURL((at) => !at.pathname.includes("login"))
  await page.goto(new URL("/project/instances/", url).href)
  await page.waitForSelector("table#instances tbody tr[data-display]")
  await page.screenshot({ path: picture, fullPage: true })
  console.log(await page.innerText("table#instances"))
})
