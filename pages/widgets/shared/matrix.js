/** What grids of classes by classes share: headers, colours, and the picture that they are saved as. */

const MANY = 20 // classes; more than these scroll within the frame

/** A header of a row or a column, cut off where its name is too long. */
function newHeader(className, text) {
  const element = Object.assign(document.createElement("div"), { className, title: text })
  element.append(Object.assign(document.createElement("span"), { textContent: text }))
  return element
}

/** Returns (strength 0 to 1, whether it is good) -> {paper, ink}, two CSS colours. */
function painter(root) {
  const { paper, text: words, good: right, bad: wrong } = theme(root)
  const [page, text, good, bad] = [paper, words, right, wrong].map((colour) => parseColour(root, colour))
  // One of black and white always has a contrast of 4.5 or more, whatever the theme.
  const inks = [text, page, [0, 0, 0], [255, 255, 255]]

  return (strength, isGood) => {
    const target = isGood ? good : bad
    const paper = page.map((value, i) => Math.round(value + (target[i] - value) * strength))
    const ink = inks.find((candidate) => contrast(candidate, paper) >= 4.5) ?? inks[0]
    return { paper: `rgb(${paper})`, ink: `rgb(${ink})` }
  }
}

/** Any CSS colour as [r, g, b]: the browser does the reading. */
function parseColour(root, colour) {
  const probe = root.appendChild(document.createElement("i"))
  probe.style.color = colour
  const rgb = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number)
  probe.remove()
  return rgb
}

/** Contrast ratio of two [r, g, b] colours as WCAG 2 defines it, 1 to 21. */
function contrast(a, b) {
  const luminance = (rgb) => {
    const [r, g, blue] = rgb.map((value) => {
      const part = value / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue
  }
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

/**
 * Saves a matrix as it is shown, on the page's colour: its {cells, names, name}, and what is written
 * `across` the columns and `down` the rows.
 */
async function saveMatrix(shown, root, format) {
  const { text, width, height } = drawing(shown, theme(root))
  const svg = new Blob([text], { type: "image/svg+xml" })
  download(format === "svg" ? svg : await painted(svg, width, height), `${shown.name}.${format}`)
}

/** The matrix as the text of an SVG file. */
function drawing({ cells, names, name, across: above, down: beside }, { text, muted, paper, font }) {
  const many = names.length > MANY
  const [across, down, size] = many ? [30, 22, 9] : [58, 38, 13]
  const longest = Math.min(24, Math.max(...names.map((each) => each.length)))
  const slanted = !many && longest * 8 > across // names stand on end where they are too long
  const [left, top] = [longest * 7.5 + 46, (many || slanted ? longest * 7.5 : 20) + 40]
  const width = left + names.length * across + 12
  const height = top + names.length * down + 12
  const escaped = (words) => words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  const short = (words) => escaped(words.length > longest ? `${words.slice(0, longest - 1)}…` : words)
  const write = (x, y, words, options) => `<text x="${x}" y="${y}" ${options}>${words}</text>`
  const turned = (x, y) => `transform="rotate(-90 ${x} ${y})"`
  const heads = names.flatMap((each, i) => {
    const [x, y] = [left + (i + 0.5) * across, top - 8]
    const upright = many || slanted ? `dominant-baseline="central" ${turned(x, y)}` : 'text-anchor="middle"'
    return [
      write(x, y, short(each), `fill="${text}" ${upright}`),
      write(left - 8, top + (i + 0.5) * down, short(each), `fill="${text}" text-anchor="end" dominant-baseline="central"`),
    ]
  })
  const boxes = cells.map((cell, i) => {
    const [x, y] = [left + (i % names.length) * across, top + Math.floor(i / names.length) * down]
    return (
      `<rect x="${x + 1}" y="${y + 1}" width="${across - 2}" height="${down - 2}" rx="4" fill="${cell.paper}"/>` +
      write(x + across / 2, y + down / 2, cell.text, `fill="${cell.ink}" text-anchor="middle" dominant-baseline="central"`)
    )
  })
  const middle = [left + (names.length * across) / 2, top + (names.length * down) / 2]
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escaped(font)}" font-size="${size}">
<title>${escaped(name)}</title>
<rect width="100%" height="100%" fill="${paper}"/>
${write(middle[0], 20, escaped(above), `fill="${muted}" font-size="13" font-weight="600" text-anchor="middle"`)}
${write(20, middle[1], escaped(beside), `fill="${muted}" font-size="13" font-weight="600" text-anchor="middle" ${turned(20, middle[1])}`)}
${[...heads, ...boxes].join("\n")}
</svg>
`
  return { text: svg, width, height }
}

/** An SVG file as a PNG, twice as large where that stays within what a canvas holds. */
async function painted(svg, width, height) {
  const picture = new Image()
  picture.src = URL.createObjectURL(svg)
  await picture.decode()
  URL.revokeObjectURL(picture.src)
  const scale = Math.max(width, height) > 2000 ? 1 : 2
  const canvas = Object.assign(document.createElement("canvas"), { width: scale * width, height: scale * height })
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"))
}

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
