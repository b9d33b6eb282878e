import { expect, it } from "vitest"
import { dotOf, svgOf, treeOf } from "../../../../src/build/containers/draw.ts"

const images = [
  { name: "debian", from: undefined, built: true },
  { name: "base", from: "debian", built: true },
  { name: "nova-base", from: "base", built: false },
  { name: "nova-api", from: "nova-base", built: false },
  { name: "mariadb", from: "base", built: true },
]

it("draws a tree that a terminal shows", () => {
  expect(treeOf(images)).toBe(`debian ✔
└─ base ✔
   ├─ nova-base
   │  └─ nova-api
   └─ mariadb ✔
`)
})

it("draws Graphviz' dot", () => {
  expect(dotOf(images)).toContain('  "base" -> "mariadb"')
  expect(dotOf(images)).toContain('"debian" [style=filled]')
})

it("draws an SVG in which no two boxes lie upon each other", () => {
  const svg = svgOf(images)
  const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="(\d+)" height="(\d+)"/g)].map((each) =>
    each.slice(1).map(Number),
  )
  expect(boxes).toHaveLength(images.length)
  for (const [x, y, width, height] of boxes as [number, number, number, number][]) {
    const over = boxes.filter(([left, top]) => Math.abs(left! - x) < width && Math.abs(top! - y) < height)
    expect(over).toHaveLength(1)
  }
  expect(svg.match(/<path d=/g)).toHaveLength(4)
})

it("escapes what a drawing must not take for markup", () => {
  expect(svgOf([{ name: "a<b&c", from: undefined, built: false }])).toContain("a&lt;b&amp;c")
})
