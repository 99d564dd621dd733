/**
 * The time machine: a slider over the records of a training, and what each says, in panels that move
 * together. Nothing is asked of the server while it moves. What a person chose (the moment, the twelve
 * pictures) stays while records come in; the slider follows the newest one if it stood at the last.
 */
const machines = new WeakMap()
const PICTURES = 12 // that are followed side by side
const PAUSE = 650 // ms between two moments of a film
const SHEET_COLUMNS = 20 // pictures a row of the sheet
const NAMES = { weights: "Weights", activations: "Activations", gradients: "Gradients" }

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root")
  const machine = machines.get(root) ?? newMachine(root)
  machine.update(data)
  return machine.destroy
}

function newMachine(root) {
  root.innerHTML = FRAME
  const find = (selector) => root.querySelector(selector)
  const [slider, play] = [find(".slider"), find(".play")]
  const machine = { at: -1, chosen: null, film: 0, destroy: () => stop() }
  machines.set(root, machine)

  function stop() {
    clearInterval(machine.film)
    machine.film = 0
    play.textContent = "▶"
    play.ariaLabel = "Play the training"
  }

  function start() {
    if (machine.at === machine.data.moments.length - 1) go(0)
    play.textContent = "❚❚"
    play.ariaLabel = "Pause"
    machine.film = setInterval(() => {
      if (!root.isConnected || machine.at >= machine.data.moments.length - 1) stop()
      else go(machine.at + 1)
    }, PAUSE)
  }

  function go(at) {
    machine.at = at
    slider.value = at
    show(root, machine)
  }

  slider.oninput = () => {
    stop()
    go(Number(slider.value))
  }
  play.onclick = () => (machine.film ? stop() : start())
  find(".curve").onclick = (event) => {
    const box = find(".curve").getBoundingClientRect()
    const part = (event.clientX - box.left) / box.width
    stop()
    go(Math.round(Math.min(1, Math.max(0, part)) * (machine.data.moments.length - 1)))
  }
  find(".choose").onclick = () => {
    const open = find(".all").hidden
    find(".all").hidden = !open
    find(".choose").ariaExpanded = String(open)
  }

  machine.update = (data) => {
    const followed = machine.data === undefined || machine.at === machine.data.moments.length - 1
    machine.data = read(data)
    machine.chosen ??= firstChosen(machine.data.labels, data.classes.length)
    slider.max = data.moments.length - 1
    slider.disabled = play.disabled = data.moments.length < 2
    machine.colours = theme(root)
    dress(root, machine)
    go(followed ? data.moments.length - 1 : Math.min(machine.at, data.moments.length - 1))
  }
  return machine
}

// -- What was sent, as numbers ---------------------------------------------------------------------

/** The data with its packed arrays as numbers, and each moment's accuracy by class and of all. */
function read(data) {
  const count = data.classes.length
  const moments = data.moments.map((each) => {
    const [right, asked] = [unpack(each.right, Uint32Array), unpack(each.asked, Uint32Array)]
    return {
      ...each,
      answers: unpack(each.answers, Uint8Array),
      confusion: each.confusion && unpack(each.confusion, Uint32Array),
      byClass: Array.from(right, (value, i) => (asked[i] ? value / asked[i] : null)),
      accuracy: sum(right) / Math.max(1, sum(asked)),
      images: sum(asked),
      kernels: { ...each.kernels, values: unpack(each.kernels.values, Int8Array) },
      places: each.places && unpack(each.places, Int8Array),
      layers: each.layers.map((layer) => ({
        ...layer,
        ...Object.fromEntries(Object.keys(NAMES).map((kind) => [kind, spreadOf(layer[kind])])),
      })),
    }
  })
  return { ...data, count, moments, labels: unpack(data.labels, Uint16Array) }
}

const spreadOf = (spread) => spread && { ...spread, counts: unpack(spread.counts, Uint8Array) }

const sum = (values) => values.reduce((all, value) => all + value, 0)

function unpack(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
  return new Kind(bytes.buffer)
}

/** The twelve pictures to begin with: one a class, then a second one. */
function firstChosen(labels, classes) {
  const byClass = Array.from({ length: classes }, () => [])
  for (const [i, label] of labels.entries()) byClass[label]?.push(i)
  const turns = Array.from({ length: PICTURES }, (_, turn) => byClass.flatMap((each) => each.slice(turn, turn + 1)))
  return turns.flat().slice(0, PICTURES).sort((a, b) => a - b)
}

/** What a network answers to a picture: {answer, share (of the answer), truth (share of its class)}. */
function answerTo(moment, classes, picture, label) {
  const shares = moment.answers.subarray(picture * classes, (picture + 1) * classes)
  const answer = shares.indexOf(Math.max(...shares))
  return { answer, share: shares[answer] / 255, truth: shares[label] / 255 }
}

/** The latest moment up to `at` that has something; some were taken in a hurry and do not. */
function latestWith(moments, at, has) {
  for (let i = at; i >= 0; i--) if (has(moments[i])) return moments[i]
  return null
}

/** An epoch as people read it: 0, 0.03, 1, 12. */
const epochText = (epoch) => (Number.isInteger(epoch) ? String(epoch) : epoch.toFixed(epoch < 0.1 ? 3 : 2))

/** A share as people read it; what is not all is not called 100 %. */
function percentText(share) {
  const edge = Math.min(share, 1 - share)
  return `${(100 * share).toFixed(edge === 0 ? 0 : edge < 0.0005 ? 2 : 1)} %`
}

/** The same without decimals. */
const wholeText = (share) => `${share < 1 ? Math.min(99, Math.round(100 * share)) : 100} %`

/** A share that may be tiny: 3 %, 0.2 %, 0.0004 %. */
function smallText(share) {
  if (share === 0) return "0 %"
  const percent = 100 * share
  return percent >= 1 ? `${percent.toFixed(0)} %` : `${Number(percent.toPrecision(1)).toFixed(Math.min(8, Math.ceil(-Math.log10(percent))))} %`
}

// -- Drawing what does not move --------------------------------------------------------------------

const FRAME = `
<div class="head">
  <button class="play" type="button" aria-label="Play the training">▶</button>
  <div class="track">
    <svg class="curve" preserveAspectRatio="none" viewBox="0 0 1000 100" aria-hidden="true"></svg>
    <input class="slider" type="range" min="0" max="0" step="1" aria-label="Moment of the training">
  </div>
  <output class="now"></output>
</div>
<ul class="told"></ul>
<div class="panels">
  <section class="wide"><h4>Twelve pictures</h4>
    <p>The share that the network gives to the right class, from the first moment to the last.</p>
    <div class="pictures" role="list"></div>
    <button class="choose small" type="button" aria-expanded="false">Choose other pictures</button>
    <div class="all" hidden></div></section>
  <section><h4>Accuracy by class</h4><p class="of"></p><div class="classes" role="list" tabindex="0" aria-label="Accuracy by class"></div></section>
  <section class="confused"><h4>Confusion matrix</h4><p>A row is what a picture shows, a column what the network says, both in the order of the classes.</p>
    <div class="matrix" role="img"></div></section>
  <section class="first"><h4>Kernels of the first layer</h4><p class="kind"></p><canvas class="kernels" role="img"></canvas></section>
  <section class="hidden"><h4>How it sorts the pictures</h4>
    <p>Each dot is a picture, coloured by class. Close together: alike to the last hidden layer.</p>
    <svg class="map" viewBox="-1.08 -1.08 2.16 2.16" role="img"></svg><div class="legend" aria-hidden="true"></div></section>
  <section class="wide"><h4>Inside the layers</h4>
    <p>How weights, activations and gradients are spread, with the start as a thin line; and by how much one step changes a layer's weights.</p>
    <div class="layers" tabindex="0" role="region" aria-label="The layers"><table><thead><tr><th scope="col">Layer</th><th scope="col">Weights</th><th scope="col">Activations</th>
      <th scope="col">Gradients</th><th scope="col">Change a step</th><th scope="col">Silent units</th></tr></thead><tbody></tbody></table></div></section>
</div>`

function dress(root, machine) {
  const { data, colours } = machine
  const find = (selector) => root.querySelector(selector)
  const [columns, rows] = [SHEET_COLUMNS, Math.ceil(data.labels.length / SHEET_COLUMNS)]
  const shown = Math.min(data.labels.length, SHEET_COLUMNS)
  root.style.setProperty("--sprite", `url("${inApp(data.sheet)}")`)
  root.style.setProperty("--columns", String(shown))
  root.style.setProperty("--rows", String(rows))
  root.style.setProperty("--aspect", `${data.width} / ${data.height}`)
  root.style.setProperty("--rendering", data.width <= 64 ? "pixelated" : "auto")
  machine.place = (i) => `${shown > 1 ? (100 * (i % columns)) / (shown - 1) : 0}% ${rows > 1 ? (100 * Math.floor(i / columns)) / (rows - 1) : 0}%`
  drawCurve(find(".curve"), data, colours)
  find(".confused").hidden = !data.moments[0].confusion
  find(".first").hidden = data.moments[0].kernels.shape[0] === 0
  find(".hidden").hidden = !data.moments.some((each) => each.places)
  find(".legend").replaceChildren(...data.classes.slice(0, 12).map((name, i) => {
    const entry = element("span", "", name)
    entry.style.setProperty("--colour", colours.classes[i % colours.classes.length])
    return entry
  }))
  dressAll(root, machine)
  dressPictures(root, machine)
}

function element(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text })
}

/** The accuracy of every moment, side by side as the slider's steps are. */
function drawCurve(svg, { moments }, colours) {
  const x = (i) => (moments.length > 1 ? (1000 * i) / (moments.length - 1) : 0)
  const points = moments.map((each, i) => `${x(i).toFixed(1)},${(100 - 96 * each.accuracy).toFixed(1)}`)
  svg.innerHTML =
    `<polygon points="0,100 ${points.join(" ")} ${x(moments.length - 1)},100" fill="${colours.classes[0]}" fill-opacity="0.14"/>` +
    `<polyline points="${points.join(" ")}" fill="none" stroke="${colours.classes[0]}" stroke-width="2" vector-effect="non-scaling-stroke"/>` +
    `<line class="marker" y1="0" y2="100" stroke="${colours.text}" stroke-width="1.5" vector-effect="non-scaling-stroke"/>`
}

/** All pictures, small, to choose from. */
function dressAll(root, machine) {
  const grid = root.querySelector(".all")
  const { data } = machine
  if (grid.childElementCount !== data.labels.length) {
    grid.replaceChildren(...Array.from(data.labels, () => Object.assign(element("button", "tile"), { type: "button" })))
  }
  const tiles = [...grid.children]
  tiles.forEach((tile, i) => {
    tile.style.backgroundPosition = machine.place(i)
    tile.title = tile.ariaLabel = `${data.classes[data.labels[i]]}, picture ${i + 1}`
    tile.ariaPressed = String(machine.chosen.includes(i))
    tile.onclick = () => {
      const chosen = machine.chosen.includes(i) ? machine.chosen.filter((each) => each !== i) : [...machine.chosen, i].slice(-PICTURES)
      if (chosen.length === 0) return
      machine.chosen = chosen
      dressAll(root, machine)
      dressPictures(root, machine)
      show(root, machine)
    }
  })
  moveFocusWithArrowKeys(grid, tiles, () => getComputedStyle(grid).gridTemplateColumns.split(" ").length)
}

function dressPictures(root, machine) {
  const { data, chosen, colours } = machine
  const x = (i) => (data.moments.length > 1 ? (100 * i) / (data.moments.length - 1) : 0)
  root.querySelector(".pictures").replaceChildren(
    ...chosen.map((picture) => {
      const card = element("div", "card")
      card.setAttribute("role", "listitem")
      const image = element("span", "tile")
      image.style.backgroundPosition = machine.place(picture)
      const words = element("span", "words")
      words.append(element("b", "truth", data.classes[data.labels[picture]]), element("span", "said"))
      const points = data.moments.map((each, i) => {
        const { truth } = answerTo(each, data.count, picture, data.labels[picture])
        return `${x(i).toFixed(1)},${(24 - 22 * truth).toFixed(1)}`
      })
      card.append(image, words)
      card.insertAdjacentHTML(
        "beforeend",
        `<svg viewBox="0 0 100 25" preserveAspectRatio="none" aria-hidden="true"><polyline points="${points.join(" ")}" fill="none" stroke="${colours.classes[0]}" stroke-width="1.6" vector-effect="non-scaling-stroke"/><line class="marker" y1="0" y2="25" stroke="${colours.text}" vector-effect="non-scaling-stroke"/></svg>`,
      )
      return card
    }),
  )
}

// -- Drawing a moment ------------------------------------------------------------------------------

function show(root, machine) {
  const { data, at, colours } = machine
  const moment = data.moments[at]
  const find = (selector) => root.querySelector(selector)
  const part = data.moments.length > 1 ? at / (data.moments.length - 1) : 0
  const now = moment.epoch === 0 ? "Before the training" : `Epoch ${epochText(moment.epoch)} of ${data.epochs}`
  find(".now").replaceChildren(element("b", "", now), element("span", "", `${percentText(moment.accuracy)} right`))
  find(".slider").ariaValueText = `${now}, ${percentText(moment.accuracy)} right`
  find(".curve .marker").setAttribute("transform", `translate(${1000 * part} 0)`)
  for (const marker of root.querySelectorAll(".card .marker")) marker.setAttribute("transform", `translate(${100 * part} 0)`)
  find(".told").replaceChildren(...moment.told.map((each) => element("li", "", each)))

  const cards = root.querySelectorAll(".card")
  machine.chosen.forEach((picture, i) => {
    const label = data.labels[picture]
    const { answer, share } = answerTo(moment, data.count, picture, label)
    const said = cards[i].querySelector(".said")
    said.textContent = `${data.classes[answer]} ${percentText(share)}`
    said.classList.toggle("wrong", answer !== label)
    said.classList.toggle("right", answer === label)
  })
  showClasses(root, machine, moment)
  if (moment.confusion) showMatrix(find(".matrix"), data, moment, colours)
  if (moment.kernels.shape[0]) showKernels(root, data, moment, colours)
  showMap(find(".map"), data, latestWith(data.moments, at, (each) => each.places) ?? data.moments.find((each) => each.places), colours)
  showLayers(root, machine)
}

function showClasses(root, { data }, moment) {
  const list = root.querySelector(".classes")
  const last = data.moments[data.moments.length - 1]
  root.querySelector(".of").textContent = `Of ${moment.images.toLocaleString("en")} validation images. The thin mark is the last moment.`
  if (list.childElementCount !== data.count) {
    list.replaceChildren(
      ...data.classes.map((name) => {
        const row = element("div", "bar")
        row.setAttribute("role", "listitem")
        row.append(element("span", "name", name), element("span", "rail"), element("span", "value"))
        row.children[1].append(element("i", "fill"), element("i", "end"))
        return row
      }),
    )
  }
  ;[...list.children].forEach((row, i) => {
    const share = moment.byClass[i]
    row.querySelector(".fill").style.width = `${100 * (share ?? 0)}%`
    row.querySelector(".end").style.left = `${100 * (last.byClass[i] ?? 0)}%`
    row.querySelector(".value").textContent = share === null ? "–" : wholeText(share)
  })
}

function showMatrix(grid, data, moment, colours) {
  const size = data.count
  grid.style.setProperty("--size", String(size))
  if (grid.childElementCount !== size * size) {
    grid.replaceChildren(...Array.from({ length: size * size }, () => element("i", "")))
  }
  let [worst, most] = ["", 0]
  ;[...grid.children].forEach((cell, i) => {
    const [row, column] = [Math.floor(i / size), i % size]
    const count = moment.confusion[i]
    const all = sum(moment.confusion.subarray(row * size, (row + 1) * size))
    const share = all ? count / all : 0
    cell.style.background = row === column ? colours.good : colours.bad
    cell.style.opacity = String(share ? 0.12 + 0.88 * share ** 0.6 : 0.04)
    cell.title = `${data.classes[row]}, answered ${data.classes[column]}: ${count} of ${all}`
    if (row !== column && count > most) [worst, most] = [`${data.classes[row]} taken for ${data.classes[column]}`, count]
  })
  grid.ariaLabel = `${percentText(moment.accuracy)} right.${most ? ` Most often wrong: ${worst}, ${most} times.` : ""}`
}

/** The kernels as small images: of a grey picture from one colour to another, else as they are. */
function showKernels(root, data, moment, colours) {
  const canvas = root.querySelector(".kernels")
  const [count, height, width, channels] = moment.kernels.shape
  const columns = columnsFor(count)
  const rows = Math.ceil(count / columns)
  canvas.width = columns * (width + 1) - 1
  canvas.height = rows * (height + 1) - 1
  // One scale for the whole training, so that one sees them grow.
  const most = Math.max(...data.moments.map((each) => each.kernels.scale))
  const factor = moment.kernels.scale / most / 127
  const [low, high] = [rgbOf(colours.bad), rgbOf(colours.classes[0])]
  const paper = rgbOf(colours.paper)
  const image = new ImageData(canvas.width, canvas.height)
  moment.kernels.values.forEach((_, place) => {
    if (place % channels) return
    const pixel = place / channels
    const [kernel, row, column] = [Math.floor(pixel / (height * width)), Math.floor(pixel / width) % height, pixel % width]
    const left = (kernel % columns) * (width + 1) + column
    const top = Math.floor(kernel / columns) * (height + 1) + row
    const values = Array.from({ length: channels }, (_, channel) => moment.kernels.values[place + channel] * factor)
    image.data.set([...(channels === 3 ? coloured(values) : between(values[0], low, high, paper)), 255], 4 * (top * canvas.width + left))
  })
  canvas.getContext("2d").putImageData(image, 0, 0)
  canvas.style.aspectRatio = `${canvas.width} / ${canvas.height}`
  const what = height > 7 ? `The weights of ${count} units, as images` : `${count} kernels of ${width} × ${height} pixels`
  root.querySelector(".kind").textContent =
    channels === 3 ? `${what}, in the colours that they react to.` : `${what}: blue for weights above 0, orange below.`
  canvas.ariaLabel = `${what}, at this moment.`
}

/** How many kernels stand in a row: no last row with gaps, where there is such a number. */
function columnsFor(count) {
  const root = Math.sqrt(count)
  for (let columns = Math.ceil(root); columns <= 2 * root; columns++) if (count % columns === 0) return columns
  return Math.ceil(root * 1.25)
}

const rgbOf = (colour) => {
  const hex = /^#(..)(..)(..)$/.exec(colour)
  return hex ? hex.slice(1).map((part) => Number.parseInt(part, 16)) : colour.match(/\d+/g).slice(0, 3).map(Number)
}

/** A colour for a weight of -1 to 1: the page's own at 0. */
function between(value, low, high, paper) {
  const target = value < 0 ? low : high
  const strength = Math.min(1, Math.abs(value)) ** 0.7
  return paper.map((part, i) => Math.round(part + (target[i] - part) * strength))
}

const coloured = (values) => values.map((value) => Math.round(127.5 + 127.5 * Math.min(1, Math.max(-1, value))))

function showMap(svg, data, moment, colours) {
  if (!moment) return
  if (svg.childElementCount !== data.labels.length) {
    svg.innerHTML = Array.from(data.labels, () => `<circle r="0.026"><title></title></circle>`).join("")
  }
  ;[...svg.children].forEach((dot, i) => {
    const label = data.labels[i]
    const { answer } = answerTo(moment, data.count, i, label)
    dot.style.transform = `translate(${moment.places[2 * i] / 127}px, ${-moment.places[2 * i + 1] / 127}px)`
    dot.setAttribute("fill", colours.classes[label % colours.classes.length])
    dot.setAttribute("stroke", answer === label ? "none" : colours.text)
    dot.firstChild.textContent = answer === label ? data.classes[label] : `${data.classes[label]}, answered ${data.classes[answer]}`
  })
  svg.ariaLabel = "The pictures on a plane; those of a class drift together as the network learns. A ring marks a wrong answer."
}

function showLayers(root, { data, at, colours }) {
  const body = root.querySelector(".layers tbody")
  const { moments } = data
  body.innerHTML = data.layers.map((_, place) => rowOf(data, place, at, colours)).join("")
  ;[...body.rows].forEach((row, place) => {
    row.cells[0].textContent = data.layers[place] // text, not markup
    const change = moments[at].layers[place].change
    row.cells[4].lastChild.textContent = change === null ? "–" : smallText(change)
    const known = latestWith(moments, at, (each) => each.layers[place].silent !== null)
    row.cells[5].textContent = known ? `${Math.round(100 * known.layers[place].silent)} %` : "–"
  })
}

function rowOf(data, place, at, colours) {
  const spreads = Object.keys(NAMES).map((kind) => `<td>${spreadSvg(data.moments, place, kind, at, colours)}</td>`)
  return `<tr><th scope="row"></th>${spreads.join("")}<td>${changeSvg(data, place, at, colours)}<span></span></td><td></td></tr>`
}

/** A distribution at a moment, and at the start; on one scale for the whole training. */
function spreadSvg(moments, place, kind, at, colours) {
  const has = (each) => each.layers[place][kind]
  const now = latestWith(moments, at, has)
  const first = moments.find(has)
  if (!now) return '<span class="none">–</span>'
  const all = moments.filter(has).map((each) => each.layers[place][kind])
  const [low, high] = [Math.min(...all.map((each) => each.low)), Math.max(...all.map((each) => each.high))]
  const line = (spread) => {
    const step = (spread.high - spread.low) / spread.counts.length
    return Array.from(spread.counts, (count, i) => {
      const x = (100 * (spread.low + (i + 0.5) * step - low)) / (high - low)
      return `${x.toFixed(1)},${(30 - 28 * Math.sqrt(count / 255)).toFixed(1)}`
    })
  }
  const points = line(has(now))
  const zero = low < 0 && high > 0 ? (100 * -low) / (high - low) : null
  const [from, to] = [points[0].split(",")[0], points[points.length - 1].split(",")[0]]
  const title = `${NAMES[kind]} from ${Number(has(now).low.toPrecision(2))} to ${Number(has(now).high.toPrecision(2))}`
  return (
    `<svg viewBox="0 0 100 31" preserveAspectRatio="none" role="img" aria-label="${title}"><title>${title}</title>` +
    (zero === null ? "" : `<line x1="${zero}" x2="${zero}" y1="0" y2="30" stroke="${colours.grid}" vector-effect="non-scaling-stroke"/>`) +
    `<polygon points="${from},30 ${points.join(" ")} ${to},30" fill="${colours.classes[0]}" fill-opacity="0.45"/>` +
    `<polyline points="${line(has(first)).join(" ")}" fill="none" stroke="${colours.muted}" vector-effect="non-scaling-stroke"/></svg>`
  )
}

/** By how much a step changes the weights, from moment to moment, as a power of ten; useful in green. */
function changeSvg({ moments, useful }, place, at, colours) {
  const y = (change) => 30 - (30 * (Math.log10(change) + 7)) / 7 // 10^-7 to 1
  const x = (i) => (moments.length > 1 ? (100 * i) / (moments.length - 1) : 0)
  const points = moments.flatMap((each, i) => {
    const change = each.layers[place].change
    return change ? [`${x(i).toFixed(1)},${Math.min(30, Math.max(0, y(change))).toFixed(1)}`] : []
  })
  return (
    `<svg viewBox="0 0 100 31" preserveAspectRatio="none" aria-hidden="true">` +
    `<rect x="0" width="100" y="${y(useful[1]).toFixed(1)}" height="${(y(useful[0]) - y(useful[1])).toFixed(1)}" fill="${colours.good}" fill-opacity="0.16"/>` +
    `<polyline points="${points.join(" ")}" fill="none" stroke="${colours.classes[0]}" stroke-width="1.6" vector-effect="non-scaling-stroke"/>` +
    `<line x1="${x(at)}" x2="${x(at)}" y1="0" y2="30" stroke="${colours.text}" vector-effect="non-scaling-stroke"/></svg>`
  )
}
