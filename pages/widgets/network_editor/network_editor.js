/**
 * An editor of a network: a row a layer, with what it makes of an image at once, in the browser.
 *
 * State "edit" {text, named, at} says what a person made of it last; "at" makes each different from the one before. The
 * server answers with the "at" it knows: until it knows the latest, what the person did counts.
 */
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root")
  root.editor ??= newEditor(root)
  root.editor.update(data, (edit) => setStateValue("edit", edit))
}

const SEND_AFTER = 300 // ms without a change
const ONE_STEP = 1200 // ms: changes of one field within are undone together
const MOST_KEPT = 30 // networks in this browser
const KEPT = "atelier-networks"
const SVG = "http://www.w3.org/2000/svg"

const NAMES = {
  c: "Convolution",
  p: "Max pooling",
  b: "Batch normalisation",
  a: "ReLU",
  d: "Dropout",
  f: "Flatten",
  g: "Global average pooling",
  u: "Dense",
  r: "Residual block",
  e: "End of the block",
}
const TELLS = {
  c: "Looks for patterns with small filters",
  p: "Keeps the largest of each window: the image shrinks",
  b: "Keeps numbers in a steady range: often learns faster",
  a: "Sets what is negative to 0",
  d: "Leaves numbers out at random while training",
  f: "Image to a list of numbers",
  g: "The mean of each map: a short list of numbers",
  u: "Every number looks at all that come in",
  r: "Adds what goes in to what comes out",
}
const FOR_IMAGES = ["c", "p", "b", "a", "d", "r", "f", "g"]
const FOR_LISTS = ["u", "b", "a", "d", "r"]
// What the buttons beside a number step through.
const LADDER = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 80, 96, 128, 160, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096]
const RATES = [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90]

function newEditor(root) {
  root.innerHTML = `
    <div class="bar">
      <label class="name"><span>Name</span><input type="text" maxlength="60" placeholder="optional" autocomplete="off"></label>
      <label class="start"><span>Start from</span><select></select></label>
      <div class="acts">
        <button type="button" class="plain undo" title="Undo (Ctrl+Z)"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3"/></svg>Undo</button>
        <button type="button" class="plain redo" title="Redo (Ctrl+Shift+Z)"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="m15 14 5-5-5-5M20 9H10a6 6 0 0 0 0 12h3"/></svg>Redo</button>
        <button type="button" class="plain keep"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 4h12v16l-6-4-6 4z"/></svg><span>Keep</span></button>
      </div>
    </div>
    <dl class="totals"></dl>
    <div class="heads" aria-hidden="true"><span>Layer</span><span>Output</span><span>Parameters</span><span>Multiplications</span><span title="Receptive field: what one number of the output sees of the image">Sees</span></div>
    <ol class="stack"></ol>
    <p class="said" role="status"></p>`
  const [bar, totals, , list, said] = /** @type {HTMLElement[]} */ ([...root.children])
  const name = /** @type {HTMLInputElement} */ (bar.querySelector(".name input"))
  const start = bar.querySelector("select")
  const [undo, redo, keep] = /** @type {HTMLButtonElement[]} */ ([...bar.querySelectorAll("button")])
  const image = fixedRow("image", "Image")
  const answer = fixedRow("answer", "Answer")
  const more = newItem("more")
  const addLast = button("add last", "+ Add a layer", "Add a layer at the end")
  more.append(addLast)
  list.append(image, more, answer)

  let data, send
  let layers = [] // with an id each, so that a row stays the same while it moves
  const past = []
  let future = []
  let last = { tag: "", at: 0 }
  let asked, timer
  let pending = null // an edit that waits
  let ids = 0
  let drag = null
  let palette = null
  const rows = new Map()

  const say = (words) => {
    said.textContent = words
  }
  const text = () => writeStack(layers)
  const take = (wanted) => {
    layers = readStack(wanted).map((layer) => ({ ...layer, id: ++ids }))
  }
  const tell = (wait = SEND_AFTER) => {
    clearTimeout(timer)
    asked = Date.now() + Math.random()
    pending = { text: text(), named: name.value.trim(), at: asked }
    timer = setTimeout(flush, wait)
  }
  /** Sends what waits: who leaves the editor may press Train next. */
  const flush = () => {
    clearTimeout(timer)
    if (pending) send(pending)
    pending = null
  }
  root.onpointerleave = root.onfocusout = () => flush()
  /** Changes the stack; several changes of one `tag` in a row are undone together. */
  const change = (to, tag = "") => {
    const before = text()
    layers = to
    if (text() === before) return
    const now = Date.now()
    if (!tag || tag !== last.tag || now - last.at > ONE_STEP) past.push(before)
    if (past.length > 200) past.shift()
    last = { tag, at: now }
    future = []
    draw()
    tell()
  }
  const go = (from, to, words) => {
    if (!from.length) return
    to.push(text())
    take(from.pop())
    last.tag = ""
    draw()
    tell()
    say(words)
  }

  const full = () => layers.filter(({ kind }) => kind !== "e").length >= data.limits.layers
  const indexOf = (row) => layers.findIndex(({ id }) => rows.get(id) === row)
  const set = (id, values) =>
    change(
      layers.map((layer) => (layer.id === id ? { ...layer, ...values } : layer)),
      `${id} ${Object.keys(values)}`,
    )
  const remove = (i) => {
    const gone = NAMES[layers[i].kind]
    const after = withoutLayer(layers, i)
    change(after)
    const next = rows.get(after[Math.min(i, after.length - 1)]?.id)
    ;(next?.querySelector(".remove") ?? addLast).focus()
    say(`${gone} removed`)
  }
  const move = (i, to) => {
    const { id, kind } = layers[i]
    const after = moveLayer(layers, i, to)
    const place = after.findIndex((layer) => layer.id === id)
    if (place === i) return
    change(after, `move ${id}`)
    rows.get(id).querySelector(".grip").focus()
    say(`${NAMES[kind]} is layer ${layerNumbers(after)[place]} now`)
  }

  /** What a new layer begins as, behind entry `i`. */
  const fresh = (kind, shape, i) => {
    const before = layers.slice(0, i + 1)
    const near = (wanted, value) => before.findLast((layer) => layer.kind === wanted)?.[value]
    const inside = insideBlock(layers, i + 1)
    const width = inside && shape ? shape.at(-1) : undefined
    const filters = Math.min(width ?? near("c", "filters") ?? 32, data.limits.ranges.filters[1])
    const units = Math.min(width ?? near("u", "units") ?? 64, data.limits.ranges.units[1])
    switch (kind) {
      case "c":
        return [{ kind, filters, kernel: 3, stride: 1, pad: true, relu: true, bias: true }]
      case "p":
        return [{ kind, size: 2 }]
      case "b":
        return [{ kind, momentum: 90 }]
      case "d":
        return [{ kind, rate: 30 }]
      case "u":
        return [{ kind, units, relu: true }]
      case "r": {
        const come = shape?.at(-1) ?? filters
        const within = shape?.length === 1 ? `u${Math.min(come, data.limits.ranges.units[1])}` : `c${Math.min(come, data.limits.ranges.filters[1])}`
        return readStack(`${STACK}r.${within}.${within}l.e`)
      }
    }
    return [{ kind }]
  }
  const add = (kind, i) => {
    const shape = i < 0 ? data.shape : steps()[i].shape
    const made = fresh(kind, shape, i).map((layer) => ({ ...layer, id: ++ids }))
    close()
    change([...layers.slice(0, i + 1), ...made, ...layers.slice(i + 1)])
    const row = rows.get(made[0].id)
    ;(row.querySelector("input, select") ?? row.querySelector(".grip")).focus()
    say(`${NAMES[kind]} added`)
  }
  const close = () => {
    palette?.remove()
    palette = null
  }
  /** Shows below a row what can be added there. */
  const offer = (i, row, opener) => {
    const again = palette?.opener === opener
    close()
    if (again) return
    const found = steps()
    const shape = i < 0 ? data.shape : found[i].shape
    const inside = insideBlock(layers, i + 1)
    const kinds = shape === null ? Object.keys(TELLS) : shape.length > 1 ? FOR_IMAGES : FOR_LISTS
    palette = newItem("palette")
    palette.opener = opener
    palette.classList.toggle("within", inside)
    const group = element("div", "")
    group.setAttribute("role", "group")
    group.ariaLabel = "Layers to add here"
    palette.append(group)
    for (const kind of kinds.filter((each) => !(inside && each === "r"))) {
      const choice = button("choice", "", "")
      choice.removeAttribute("aria-label")
      choice.append(element("b", NAMES[kind]), element("span", TELLS[kind]))
      choice.onclick = () => add(kind, i)
      group.append(choice)
    }
    palette.onkeydown = (event) => {
      if (event.key !== "Escape") return
      close()
      opener.focus()
    }
    row.after(palette)
    palette.querySelector("button").focus({ preventScroll: true })
    palette.scrollIntoView?.({ block: "nearest" })
  }

  const steps = () => surveyStack(layers, data.shape, data.classes, data.limits)

  const newRow = (layer) => {
    const { id, kind } = layer
    const row = newItem(`layer ${kind}`)
    if (kind === "e") {
      row.append(element("span", "+ what went in", "sum"))
      const below = button("add", "+", "Add a layer after the block")
      below.onclick = () => offer(indexOf(row), row, below)
      row.append(below)
      row.parts = { controls: [], add: below }
      return row
    }
    const grip = button("grip", "", "")
    grip.append(dots())
    grip.title = "Drag it, or move it by the arrow keys"
    const glyph = element("span", "", "glyph")
    const what = element("div", "", "what")
    const title = element("b", NAMES[kind])
    title.title = TELLS[kind]
    const head = element("span", "", "head")
    head.append(title)
    const controls = controlsOf(layer, data.limits.ranges, (values) => set(id, values))
    const held = element("span", "", "controls")
    held.append(...controls.map(({ node }) => node))
    what.append(head, held)
    const open = controls.some(({ usual }) => usual) && button("open", "⋯", "More options")
    if (open) {
      head.append(open)
      open.onclick = () => {
        row.open = !row.open
        showOptions(row, layers[indexOf(row)])
      }
    }
    const figures = ["shape", "parameters", "multiplications", "field"].map((each) => element("span", "", `figure ${each}`))
    const tools = element("span", "", "tools")
    const [below, gone] = [button("add", "+", ""), button("remove", "×", "")]
    tools.append(below, gone)
    const fault = element("p", "", "fault")
    fault.hidden = true
    row.append(grip, glyph, what, ...figures, tools, fault)
    row.parts = { grip, glyph, controls, figures, add: below, remove: gone, fault, open }
    below.onclick = () => offer(indexOf(row), row, below)
    gone.onclick = () => remove(indexOf(row))
    grip.onkeydown = (event) => {
      const i = indexOf(row)
      const to = { ArrowUp: i - 1, ArrowDown: i + 1, Home: 0, End: layers.length }[event.key]
      if (to !== undefined) move(i, to)
      else if (event.key === "Delete" || event.key === "Backspace") remove(i)
      else return
      event.preventDefault() // or the page scrolls
      event.stopPropagation()
    }
    grip.onpointerdown = (event) => {
      if (event.button > 0) return
      event.preventDefault()
      grip.focus()
      drag = { id, pointer: event.pointerId, before: text() }
      // On the root, which stays where it is while rows change places.
      root.setPointerCapture(event.pointerId)
      root.classList.add("dragged")
      close()
      draw()
    }
    return row
  }

  root.onpointermove = (event) => {
    if (drag?.pointer !== event.pointerId) return
    const from = layers.findIndex(({ id }) => id === drag.id)
    const count = unitLength(layers, from)
    const rest = layers.filter((_, i) => i < from || i >= from + count)
    const to = rest.filter(({ id }) => middle(rows.get(id)) < event.clientY).length
    const after = moveLayer(layers, from, to)
    if (after.some((layer, i) => layer !== layers[i])) {
      layers = after
      draw()
    }
    scrollAlong(root, event.clientY)
  }
  root.onpointerup = root.onpointercancel = (event) => {
    if (drag?.pointer !== event.pointerId) return
    const { id, before } = drag
    drag = null
    root.classList.remove("dragged")
    if (text() !== before) {
      past.push(before)
      future = []
      last.tag = ""
      tell(0)
    }
    draw()
    rows.get(id).querySelector(".grip").focus()
  }
  root.onkeydown = (event) => {
    const key = event.key.toLowerCase()
    if (!(event.ctrlKey || event.metaKey) || event.target === name || (key !== "z" && key !== "y")) return
    event.preventDefault()
    if (key === "y" || event.shiftKey) redo.onclick(undefined)
    else undo.onclick(undefined)
  }
  undo.onclick = () => go(past, future, "Undone")
  redo.onclick = () => go(future, past, "Done again")
  addLast.onclick = () => offer(layers.length - 1, more, addLast)
  image.parts.add.onclick = () => offer(-1, image, image.parts.add)
  name.oninput = () => {
    tell()
    drawKept()
  }
  start.onchange = () => {
    const [group, place] = start.value.split(" ")
    const found = group === "kept" ? kept()[+place] : data.starts[+place]
    start.value = ""
    if (!found) return
    close()
    if (group === "kept") name.value = found.name
    past.push(text())
    future = []
    last.tag = ""
    take(found.text)
    draw()
    tell(0)
    say(`Started from ${found.title ?? found.name}`)
  }
  keep.onclick = () => {
    const called = name.value.trim()
    if (!called) {
      name.focus()
      say("Write a name first, then keep the network.")
      name.placeholder = "a name, to keep it"
      return
    }
    const others = kept().filter((each) => each.name !== called)
    const same = kept().some((each) => each.name === called && each.text === text())
    if (!store(same ? others : [{ name: called, text: text() }, ...others].slice(0, MOST_KEPT))) {
      say("This browser does not let the page keep anything. Copy the link instead.")
      return
    }
    say(same ? `“${called}” is no longer kept` : `Kept in this browser: find it under Start from`)
    drawKept()
  }

  const drawKept = () => {
    const mine = kept()
    const called = name.value.trim()
    const same = mine.some((each) => each.name === called && each.text === text())
    keep.querySelector("span").textContent = same ? "Kept" : "Keep"
    keep.ariaPressed = String(same)
    keep.title = same ? "Kept in this browser; press to forget it" : "Keeps it in this browser, under Start from"
    /** @type {HTMLElement[]} */
    const options = [option("", "a network …")]
    const group = (label, words, each) => {
      const found = Object.assign(document.createElement("optgroup"), { label })
      found.append(...each.map((title, i) => option(`${words} ${i}`, title)))
      if (each.length) options.push(found)
    }
    group(
      "Kept in this browser",
      "kept",
      mine.map((each) => each.name),
    )
    group(
      "Architectures",
      "start",
      data.starts.map((each) => each.title),
    )
    start.replaceChildren(...options)
  }

  const draw = () => {
    const found = steps()
    const numbers = layerNumbers(layers)
    const whole = { parameters: 0, multiplications: 0, activations: 0 }
    found.forEach((step, i) => {
      if (i < layers.length && (layers[i].kind === "e" || numbers[i].includes("."))) return // its block counts
      for (const each of Object.keys(whole)) whole[each] += step[each]
    })
    const most = {
      parameters: Math.max(1, ...found.map((step) => step.parameters)),
      multiplications: Math.max(1, ...found.map((step) => step.multiplications)),
    }
    const moving = drag && layers.findIndex(({ id }) => id === drag.id)
    const isMoving = (i) => drag && i >= moving && i < moving + unitLength(layers, moving)
    let at = image
    const alive = new Set()
    layers.forEach((layer, i) => {
      const row = rows.get(layer.id) ?? newRow(layer)
      rows.set(layer.id, row)
      alive.add(layer.id)
      if (at.nextSibling !== row && !(palette && at.nextSibling === palette && palette.nextSibling === row)) at.after(row)
      at = row
      row.classList.toggle("within", numbers[i].includes("."))
      row.classList.toggle("moving", Boolean(isMoving(i)))
      for (const each of row.parts.controls) each.show(layer)
      row.parts.add.disabled = full()
      if (layer.kind === "e") return
      const spoken = `${NAMES[layer.kind]}, layer ${numbers[i]}`
      row.parts.grip.ariaLabel = `Move ${spoken}: arrow keys, or drag`
      row.parts.add.ariaLabel = `Add a layer after ${spoken}`
      row.parts.remove.ariaLabel = `Remove ${spoken}`
      drawFigures(row, found[i], most, data.shape, hasWeights(layer))
      showOptions(row, layer)
    })
    for (const [id, row] of rows) {
      if (alive.has(id)) continue
      row.remove()
      rows.delete(id)
    }
    drawFigures(image, { shape: data.shape, parameters: 0, multiplications: 0, field: null, fault: "" }, most, data.shape, false)
    drawFigures(answer, found.at(-1), most, data.shape, true)
    image.parts.add.disabled = addLast.disabled = full()
    addLast.textContent = full() ? `${data.limits.layers} layers: no more can be added` : "+ Add a layer"
    undo.disabled = !past.length
    redo.disabled = !future.length
    drawTotals(found, whole, numbers)
    drawKept()
  }

  const drawTotals = (found, whole, numbers) => {
    const wrong = found.findIndex((step) => step.fault)
    totals.classList.toggle("wrong", wrong >= 0)
    if (wrong >= 0) {
      const where = wrong < layers.length ? `Layer ${numbers[wrong]}` : "The answer"
      totals.replaceChildren(fact("Cannot work yet", `${where}, marked below`))
      return
    }
    const { fixed, multiplication, activation, parameter } = data.costs
    const seconds = fixed + whole.multiplications * multiplication + whole.activations * activation + whole.parameters * parameter
    const seen = layers.length ? found[layers.length - 1].field : null
    totals.replaceChildren(
      fact("Layers", String(layers.filter(({ kind }) => kind !== "e").length)),
      fact("Parameters", amount(whole.parameters)),
      fact("Multiplications an image", roundly(whole.multiplications)),
      fact("Sees", seen ? `${shapeWords(seen)} pixels` : "–"),
      fact("An epoch here", aboutSeconds(seconds)),
    )
  }

  return {
    update(given, sender) {
      const first = data === undefined
      data = given
      send = sender
      const known = first || asked === undefined || given.at === asked
      if (known && !drag && (first || given.text !== text())) {
        if (!first) {
          past.push(text())
          future = []
        }
        close()
        take(given.text)
        last.tag = ""
      }
      const typing = name === /** @type {ShadowRoot} */ (root.getRootNode()).activeElement
      if (known && !typing) name.value = given.named
      answer.parts.controls[0].node.textContent = `Dense ${data.classes}, softmax: a probability for each class`
      draw()
    },
  }
}

const middle = (row) => {
  const box = row.getBoundingClientRect()
  return box.top + box.height / 2
}

/** Scrolls the page while a row is dragged to its edge. */
function scrollAlong(root, y) {
  const page = root.getRootNode().host?.closest('[data-testid="stMain"]')
  const by = y < 70 ? -14 : y > window.innerHeight - 70 ? 14 : 0
  if (by) page?.scrollBy(0, by)
}

function element(tag, words, kind = "") {
  return Object.assign(document.createElement(tag), { className: kind, textContent: words })
}

function button(kind, words, label) {
  return Object.assign(document.createElement("button"), { type: "button", className: kind, textContent: words, ariaLabel: label })
}

/** @returns {any} an item of the list, which keeps its parts */
const newItem = (kind) => Object.assign(document.createElement("li"), { className: kind })

const option = (value, words) => Object.assign(document.createElement("option"), { value, textContent: words })

function fact(title, words) {
  const found = document.createElement("div")
  found.append(element("dt", title), element("dd", words))
  return found
}

/** The first row and the last, which stay. */
function fixedRow(kind, title) {
  const row = newItem(`layer fixed ${kind}`)
  const glyph = element("span", "", "glyph")
  const what = element("div", "", "what")
  const tells = element("span", kind === "image" ? "pixels, scaled to 0 … 1" : "", "tells")
  const head = element("span", "", "head")
  head.append(element("b", title))
  what.append(head, tells)
  const figures = ["shape", "parameters", "multiplications", "field"].map((each) => element("span", "", `figure ${each}`))
  const tools = element("span", "", "tools")
  const add = button("add", "+", "Add a layer after the image")
  if (kind === "image") tools.append(add)
  const fault = element("p", "", "fault")
  fault.hidden = true
  row.append(element("span", "", "nogrip"), glyph, what, ...figures, tools, fault)
  row.parts = { glyph, figures, add, fault, controls: [{ node: tells, show() {} }] }
  return row
}

/** The figures of a row: what leaves the layer, what it costs, and what is wrong. */
function drawFigures(row, step, most, image, weighs) {
  const { glyph, figures, fault } = row.parts
  const { shape } = step
  figures[0].textContent = shape ? shapeWords(shape) : "–"
  for (const [figure, name] of [
    [figures[1], "parameters"],
    [figures[2], "multiplications"],
  ]) {
    const value = step[name]
    figure.textContent = shape && value ? roundly(value) : ""
    figure.title = shape && value ? `${amount(value)} ${name}` : ""
    figure.style.setProperty("--share", String(shape ? value / most[name] : 0))
  }
  figures[3].textContent = step.field ? shapeWords(step.field) : ""
  figures[3].title = step.field ? "Receptive field: what one number of the output sees of the image" : ""
  row.classList.toggle("bare", !figures[1].textContent && !figures[2].textContent)
  row.classList.toggle("wrong", Boolean(step.fault))
  row.classList.toggle("unknown", !shape && !step.fault)
  if (fault.textContent !== step.fault) fault.textContent = step.fault
  fault.hidden = !step.fault
  glyph.replaceChildren(...(shape ? [block(shape, image, weighs)] : []))
}

/** Shows the options that are not as usual; the others once they are asked for, or where a layer fails. */
function showOptions(row, layer) {
  const { open, controls, fault } = row.parts
  if (!open) return
  const all = Boolean(row.open) || !fault.hidden
  for (const { node, usual } of controls) node.hidden = !all && Boolean(usual?.(layer))
  open.setAttribute("aria-expanded", String(all))
  open.hidden = !fault.hidden
}

const hasWeights = ({ kind }) => "cubr".includes(kind)

/** A block to scale: maps as a box, as high as the image is and as deep as there are many; a list as a bar. */
function block(shape, image, weighs) {
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("viewBox", "0 0 64 44")
  svg.setAttribute("aria-hidden", "true")
  svg.classList.toggle("weighs", weighs)
  const draw = (kind, points) => {
    const face = svg.appendChild(document.createElementNS(SVG, "polygon"))
    face.setAttribute("class", kind)
    face.setAttribute("points", points.map((point) => point.join(",")).join(" "))
  }
  if (shape.length === 1) {
    const high = 4 + 34 * Math.min(1, Math.log2(shape[0] + 1) / 14)
    const [x, y] = [29, 22 - high / 2]
    draw("front", [
      [x, y],
      [x + 6, y],
      [x + 6, y + high],
      [x, y + high],
    ])
    return svg
  }
  const scale = 26 / Math.max(image[0], image[1])
  const [high, wide] = [Math.max(3, shape[0] * scale), Math.max(3, shape[1] * scale)]
  const deep = 2 + 2.2 * Math.log2(shape[2] + 1) // pixels across; up is half of that
  const [x, y] = [32 - (wide + deep) / 2, 22 - (high - deep / 2) / 2]
  draw("top", [
    [x, y],
    [x + deep, y - deep / 2],
    [x + deep + wide, y - deep / 2],
    [x + wide, y],
  ])
  draw("side", [
    [x + wide, y],
    [x + wide + deep, y - deep / 2],
    [x + wide + deep, y - deep / 2 + high],
    [x + wide, y + high],
  ])
  draw("front", [
    [x, y],
    [x + wide, y],
    [x + wide, y + high],
    [x, y + high],
  ])
  return svg
}

/** Three rows of two dots: what can be dragged. */
function dots() {
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("viewBox", "0 0 10 16")
  svg.setAttribute("aria-hidden", "true")
  for (const y of [2.5, 8, 13.5]) {
    for (const x of [2.5, 7.5]) {
      const dot = svg.appendChild(document.createElementNS(SVG, "circle"))
      for (const [name, value] of Object.entries({ cx: x, cy: y, r: 1.3 })) dot.setAttribute(name, String(value))
    }
  }
  return svg
}

/** The controls of a layer; `set` gets the values that a person changed. */
function controlsOf(layer, ranges, set) {
  switch (layer.kind) {
    case "c":
      return [
        numberOf("filters", "filters", ranges.filters, LADDER, set),
        choiceOf("kernel", "kernel", [1, 2, 3, 4, 5, 7, 9, 11], (side) => `${side} × ${side}`, set),
        { ...choiceOf("stride", "stride", [1, 2, 3, 4], String, set), usual: ({ stride }) => stride === 1 },
        { ...switchOf("pad", "padded", "Zeros around the image, so that it keeps its size", set), usual: ({ pad }) => pad },
        { ...switchOf("relu", "ReLU", "Sets what is negative to 0", set), usual: ({ relu }) => relu },
        {
          ...switchOf("bias", "bias", "One number a filter that is added; needless before batch normalisation", set),
          usual: ({ bias }) => bias,
        },
      ]
    case "p":
      return [choiceOf("size", "window", [2, 3, 4, 5, 6, 7, 8], (side) => `${side} × ${side}`, set)]
    case "b":
      return [
        {
          ...choiceOf("momentum", "momentum", [50, 80, 90, 95, 99], (percent) => String(percent / 100), set),
          usual: ({ momentum }) => momentum === 90 || momentum === 99,
        },
      ]
    case "d":
      return [numberOf("rate", "%", ranges.rate, RATES, set)]
    case "u":
      return [numberOf("units", "units", ranges.units, LADDER, set), { ...switchOf("relu", "ReLU", "Sets what is negative to 0", set), usual: ({ relu }) => relu }]
  }
  return []
}

/** A number to type, with buttons to the next usual ones. */
function numberOf(field, unit, [low, high], ladder, set) {
  const node = element("span", "", "number")
  const input = Object.assign(document.createElement("input"), { type: "number", min: String(low), max: String(high), step: "1", inputMode: "numeric" })
  input.ariaLabel = field === "rate" ? "Dropout in percent" : field[0].toUpperCase() + field.slice(1)
  const less = button("less", "−", `Fewer: ${input.ariaLabel}`)
  const more = button("greater", "+", `More: ${input.ariaLabel}`)
  const stepper = element("span", "", "stepper")
  stepper.append(less, input, more)
  node.append(stepper, element("span", unit, "unit"))
  let now = 0
  const right = () => /^\d+$/.test(input.value) && +input.value >= low && +input.value <= high
  input.oninput = () => {
    input.setAttribute("aria-invalid", String(!right()))
    if (right()) set({ [field]: +input.value })
  }
  input.onchange = () => {
    if (!right()) set({ [field]: Math.min(high, Math.max(low, Math.round(+input.value) || now)) })
    show({ [field]: now })
  }
  less.onclick = () => set({ [field]: Math.max(low, ladder.findLast((each) => each < now) ?? low) })
  more.onclick = () => set({ [field]: Math.min(high, ladder.find((each) => each > now) ?? high) })
  const show = (layer) => {
    now = layer[field]
    less.disabled = now <= low
    more.disabled = now >= high
    const typing = /** @type {ShadowRoot} */ (input.getRootNode()).activeElement === input
    if (typing && (input.value === "" || !right())) return // it is being typed
    if (+input.value !== now) input.value = String(now)
    input.setAttribute("aria-invalid", "false")
  }
  return { node, show }
}

function choiceOf(field, title, values, words, set) {
  const node = element("label", "", "choice-of")
  const select = document.createElement("select")
  select.append(...values.map((value) => option(String(value), words(value))))
  select.onchange = () => set({ [field]: +select.value })
  node.append(element("span", title), select)
  const show = (layer) => {
    const value = String(layer[field])
    if (![...select.options].some((each) => each.value === value)) select.append(option(value, words(layer[field])))
    select.value = value
  }
  return { node, show }
}

function switchOf(field, title, tells, set) {
  const node = button("switch", title, title)
  node.title = tells
  node.onclick = () => set({ [field]: node.ariaPressed !== "true" })
  const show = (layer) => {
    node.ariaPressed = String(layer[field])
  }
  return { node, show }
}

/** The networks that a person keeps in this browser; what cannot be read is none. */
function kept() {
  try {
    const found = JSON.parse(window.localStorage.getItem(KEPT) ?? "[]")
    return found.filter(({ name, text }) => typeof name === "string" && isStack(text)).slice(0, MOST_KEPT)
  } catch {
    return []
  }
}

const isStack = (text) => typeof text === "string" && text.length < 1000 && /^stack1:[a-z0-9.]*$/.test(text) && writeStack(readStack(text)) === text

function store(networks) {
  try {
    window.localStorage.setItem(KEPT, JSON.stringify(networks))
    return true
  } catch {
    return false
  }
}
