/** An image in a drawing of what builds on what. */
export interface DrawnImage {
  readonly name: string
  readonly from: string | undefined
  readonly built: boolean
}

interface Placed extends DrawnImage {
  readonly column: number
  /** May be between two rows: a parent stands in the middle of its children. */
  readonly row: number
}

/** Lines of a tree, for terminals. */
export function treeOf(images: readonly DrawnImage[]): string {
  const lines: string[] = []
  const visit = (image: DrawnImage, lead: string, tail: string) => {
    lines.push(`${lead}${image.name}${image.built ? " ✔" : ""}`)
    const children = childrenOf(images, image.name)
    for (const child of children) {
      const last = child === children.at(-1)
      visit(child, `${tail}${last ? "└─ " : "├─ "}`, `${tail}${last ? "   " : "│  "}`)
    }
  }
  for (const root of rootsOf(images)) visit(root, "", "")
  return `${lines.join("\n")}\n`
}

/** Graphviz' dot. */
export function dotOf(images: readonly DrawnImage[]): string {
  const quote = (text: string) => JSON.stringify(text)
  const nodes = images.map(({ name, built }) => `  ${quote(name)}${built ? " [style=filled]" : ""}`)
  const known = new Set(images.map(({ name }) => name))
  const edges = images
    .filter(({ from }) => from !== undefined && known.has(from))
    .map(({ name, from }) => `  ${quote(from!)} -> ${quote(name)}`)
  return ["digraph images {", "  rankdir=LR", "  node [shape=box]", ...nodes, ...edges, "}", ""].join("\n")
}

const box = { width: 190, height: 26 }
const gap = { x: 60, y: 10 }
const margin = 16

/** A drawing of its own, left to right; filled boxes are built. It follows the reader's colour scheme. */
export function svgOf(images: readonly DrawnImage[]): string {
  const placed = place(images)
  const at = new Map(placed.map((image) => [image.name, image]))
  const x = ({ column }: Placed) => margin + column * (box.width + gap.x)
  const y = ({ row }: Placed) => margin + row * (box.height + gap.y)
  const columns = Math.max(0, ...placed.map(({ column }) => column)) + 1
  const rows = Math.max(0, ...placed.map(({ row }) => row)) + 1
  const width = 2 * margin + columns * box.width + (columns - 1) * gap.x
  const height = 2 * margin + rows * box.height + (rows - 1) * gap.y
  const edges = placed.flatMap((image) => {
    const parent = image.from === undefined ? undefined : at.get(image.from)
    if (!parent) return []
    const [x1, y1] = [x(parent) + box.width, y(parent) + box.height / 2]
    const [x2, y2] = [x(image), y(image) + box.height / 2]
    const middle = (x1 + x2) / 2
    return [`<path d="M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}"/>`]
  })
  const boxes = placed.map((image) => {
    const [left, top] = [x(image), y(image)]
    const text = `<text x="${left + 10}" y="${top + 17}">${escaped(image.name)}</text>`
    const state = image.built ? "built" : "not built"
    const shape = `<rect x="${left}" y="${top}" width="${box.width}" height="${box.height}" rx="4"/>`
    return `<g class="${image.built ? "built" : "open"}"><title>${escaped(image.name)}: ${state}</title>${shape}${text}</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>
  svg { color-scheme: light dark; background: light-dark(#fff, #16181d) }
  path { fill: none; stroke: light-dark(#9aa3b2, #5b6472) }
  rect { stroke: light-dark(#3b5b8c, #7fa6e0) }
  .open rect { fill: light-dark(#fff, #16181d); stroke-dasharray: 4 3 }
  .built rect { fill: light-dark(#dfe9f8, #23344f) }
  text { font: 13px system-ui, sans-serif; fill: light-dark(#16181d, #e6e9ef) }
</style>
${[...edges, ...boxes].join("\n")}
</svg>
`
}

/** Leaves take the rows one after the other, parents the middle of their children's. */
function place(images: readonly DrawnImage[]): Placed[] {
  const placed: Placed[] = []
  let next = 0
  const visit = (image: DrawnImage, column: number): number => {
    const rows = childrenOf(images, image.name).map((child) => visit(child, column + 1))
    const row = rows.length > 0 ? (rows[0]! + rows.at(-1)!) / 2 : next++
    placed.push({ ...image, column, row })
    return row
  }
  for (const root of rootsOf(images)) visit(root, 0)
  return placed
}

const childrenOf = (images: readonly DrawnImage[], name: string) => images.filter(({ from }) => from === name)

function rootsOf(images: readonly DrawnImage[]): DrawnImage[] {
  const known = new Set(images.map(({ name }) => name))
  return images.filter(({ from }) => from === undefined || !known.has(from))
}

const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;")
