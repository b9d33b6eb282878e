import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium, type Page } from "playwright-core"

/** A page of Chromium's, without a window and with a profile of its own, for as long as the work takes. */
export async function withPage(work: (page: Page) => Promise<void>): Promise<void> {
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
    await work(page)
  } finally {
    await browser.close()
    rmSync(profile, { recursive: true, force: true })
  }
}
