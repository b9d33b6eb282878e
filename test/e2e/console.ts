import { withPage } from "./browser.ts"

/**
 * A program of its own, so that it can run inside the lab's network: opens the page of an instance's console, waits for the
 * connection and for a screen that shows something, takes a picture. Arguments: URL, picture. Prints what the page says of it.
 */
const [url = "", picture = ""] = process.argv.slice(2)

/** Runs in the page: whether noVNC has drawn more than one colour. */
const drawn = `(() => {
  const screen = document.querySelector("#screen canvas")
  if (!screen?.width) return false
  const { data } = screen.getContext("2d").getImageData(0, 0, screen.width, screen.height)
  const [first, ...others] = new Uint32Array(data.buffer)
  return others.some((pixel) => pixel !== first)
})()`

await withPage(async (page) => {
  await page.goto(url)
  await page.locator("#status", { hasText: "Connected to" }).waitFor()
  await page.waitForFunction(drawn)
  await page.screenshot({ path: picture })
  console.log(await page.innerText("#status"))
})
