/**
 * A network laid open for one picture: every layer as a row of maps, and the arithmetic of the value that is chosen.
 *
 * The browser works all of it out (core/networks/browser): the weights are fetched once a network. Which value is
 * chosen, what is switched off and the order of the maps live here and in the address.
 */
const FIRST_MAPS = 12 // maps of a layer that are shown at first
const FIRST_UNITS = 64
const WIDE = 900 // px from which on the arithmetic stands beside the layers
const SPOT = /^(\d{1,4})\.(\d{1,6})\.(\d{1,4})\.(\d{1,4})$/
const SILENT = 0.0005 // share of images below which a part counts as never reacting
const BARS = 12 // classes with a bar
const TOGETHER = "atelier-inside" // the event by which two views of one network do the same

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root")
  root.view ??= newView(root)
  root.view.take(data)
}

function newView(root) {
  const note = make("p", { className: "note", role: "status" })
  const bar = make("div", { className: "tools" })
  const flow = make("div", { className: "flow" })
  const panel = make("aside", { className: "panel", ariaLabel: "Arithmetic" })
  const stage = make("div", { className: "stage", hidden: true }, flow, panel)
  root.append(bar, note, stage)
  /** What is shown. `at` is the value that is chosen, `over` the one under the mouse. */
  const state = {
    /** @type {any} */ data: null,
    /** @type {LaidNode[]} */ nodes: [],
    /** @type {Float32Array[]} */ values: [],
    /** @type {Float32Array[]} */ plain: [],
    off: new Map(),
    at: null,
    over: null,
    order: "strongest",
    shown: new Set(),
    full: new Set(),
    sections: [],
    ramps: null,
    pixels: null,
    image: null,
    wide: false,
    asked: 0,
  }

  // ------------------------------------------------------------------------------ what comes in

  const take = (data) => {
    const before = state.data
    state.data = data
    if (before?.address !== data.address) {
      fetchNetwork(data)
      return
    }
    if (!state.nodes.length) return // still on its way
    if (before.picture.pixels !== data.picture.pixels) look()
    else {
      state.ramps = rampsOf(root)
      paint()
    }
  }

  const fetchNetwork = async (data) => {
    const asked = ++state.asked
    stage.hidden = true
    state.nodes = []
    note.textContent = `Fetching the network (${(data.bytes / 1e6).toFixed(1)} MB) …`
    try {
      const answer = await fetch(inApp(data.address))
      if (!answer.ok) throw new Error(`${answer.status}`)
      const bytes = await answer.arrayBuffer()
      if (asked !== state.asked) return // another one was chosen meanwhile
      if (bytes.byteLength !== data.bytes) throw new Error("cut off")
      open(new Float32Array(bytes))
    } catch (error) {
      if (asked !== state.asked) return
      console.warn(`The network could not be fetched: ${error}`)
      const again = make("button", { type: "button", className: "link", textContent: "Try again" })
      again.onclick = () => fetchNetwork(state.data)
      note.replaceChildren("The network could not be fetched. Check the connection. ", again)
    }
  }

  const open = (weights) => {
    note.textContent = ""
    state.nodes = laidOpen(state.data.plan, weights)
    state.ramps = rampsOf(root)
    Object.assign(state, { off: new Map(), at: null, over: null, shown: new Set(), full: new Set() })
    readAddress()
    build()
    stage.hidden = false
    measure()
    look()
  }

  /** Asks the network about the picture. */
  const look = () => {
    const { picture, plan } = state.data
    state.pixels = Uint8Array.from(atob(picture.pixels), (character) => character.charCodeAt(0))
    state.image = Float32Array.from(state.pixels, (level) => level * plan.scale)
    state.plain = traced(state.nodes, state.image)
    state.values = state.off.size ? traced(state.nodes, state.image, state.off, state.plain, Math.min(...state.off.keys())) : state.plain
    if (!state.at && state.wide) state.at = firstPlace()
    paint()
    openPanel()
  }

  /** Something to begin with: the strongest reaction of the first layer that learned. */
  const firstPlace = () => {
    const id = state.nodes.findIndex((node) => node.kind === "conv" || node.kind === "dense")
    const { shape } = state.nodes[id]
    const [channel] = strongestFirst(state.plain[id], shape)
    return { id, ...peakOf(state.plain[id], shape, channel) }
  }

  // --------------------------------------------------------------------------------- the address

  const readAddress = () => {
    const asked = new URL(window.location.href).searchParams
    if (!state.data.linked && !state.data.twin) return
    state.order = asked.get("order") === "own" ? "own" : "strongest"
    const lost = []
    const at = asked.get("at")
    if (at !== null) {
      const [, id, channel, row, column] = (SPOT.exec(at) ?? []).map(Number)
      const place = { row, column, channel }
      if (isThere(id, place)) state.at = { id, ...place }
      else lost.push("a value")
    }
    for (const each of (asked.get("off") ?? "").split("~").filter(Boolean).slice(0, 500)) {
      const [, id, channel] = (/^(\d{1,4})\.(\d{1,6})$/.exec(each) ?? []).map(Number)
      if (isThere(id, { row: 0, column: 0, channel }) && canSwitch(state.nodes[id])) offIn(id).add(channel)
      else lost.push("a map")
    }
    if (lost.length) note.textContent = `The link asks for ${lost[0]} that this network does not have; the rest is shown.`
  }

  const isThere = (id, { row, column, channel }) => {
    const shape = state.nodes[id]?.shape
    if (!shape) return false
    const [rows, columns] = shape.length === 1 ? [1, 1] : shape
    return row < rows && column < columns && channel < shape.at(-1)
  }

  const offIn = (id) => {
    if (!state.off.has(id)) state.off.set(id, new Set())
    return state.off.get(id)
  }

  const writeAddress = () => {
    if (!state.data.linked) return
    const address = new URL(window.location.href)
    const put = (name, value) => (value ? address.searchParams.set(name, value) : address.searchParams.delete(name))
    const { at } = state
    put("at", at && `${at.id}.${at.channel}.${at.row}.${at.column}`)
    put("off", [...state.off].flatMap(([id, dark]) => [...dark].map((channel) => `${id}.${channel}`)).join("~"))
    put("order", state.order === "own" ? "own" : "")
    if (address.href !== window.location.href) window.history.replaceState(window.history.state, "", address)
  }

  // ---------------------------------------------------------------------------------- the layers

  const build = () => {
    buildBar()
    state.sections = state.nodes.map((node, id) => newSection(node, id))
    flow.replaceChildren(...state.sections.map((each) => each.section))
  }

  const buildBar = () => {
    const choices = [
      ["strongest", "Strongest first"],
      ["own", "Own order"],
    ].map(([order, title]) => {
      const button = make("button", { type: "button", textContent: title })
      button.onclick = () => {
        state.order = order
        writeAddress()
        paint()
        tellOthers()
      }
      button.dataset.order = order
      return button
    })
    const group = make("div", { className: "choice", role: "group", "aria-label": "Order of the maps" }, ...choices)
    const on = make("button", { type: "button", className: "plain" })
    on.onclick = () => {
      state.off.clear()
      switched(0)
    }
    bar.replaceChildren(make("span", { textContent: "Maps:" }), group, on)
    state.bar = { choices, on }
  }

  const newSection = (node, id) => {
    const parameters = node.parameters && node.kind !== "add" ? ` · ${counted(node.parameters, "parameter")}` : ""
    const head = make(
      "header",
      {},
      make("h2", {}, make("span", { className: "number", textContent: id ? `${id}` : "" }), node.title),
      make("span", { className: "facts", textContent: `${sizeOf(node.shape)}${parameters}` }),
    )
    const legend = make("span", { className: "legend" })
    head.append(legend)
    const body = make("div", { className: "maps", role: "group", "aria-label": node.title })
    const said = make("p", { className: "said" })
    const section = make("section", { className: `layer ${node.kind}` }, head, body, said)
    section.style.setProperty("--depth", `${node.depth}`)
    return { section, body, legend, said, buttons: new Map(), made: "" }
  }

  /** Draws every layer anew. */
  const paint = () => {
    for (const button of state.bar.choices) button.ariaPressed = String(button.dataset.order === state.order)
    const count = [...state.off.values()].reduce((sum, dark) => sum + dark.size, 0)
    state.bar.on.hidden = count === 0
    state.bar.on.textContent = `Switch all on (${count} off)`
    for (let id = 0; id < state.nodes.length; id++) paintLayer(id)
    writeWords()
  }

  const paintLayer = (id) => {
    const { kind } = state.nodes[id]
    if (id === state.nodes.length - 1) paintAnswer(id)
    else if (kind === "pixels") paintPicture(id)
    else if (kind === "flatten" || kind === "dropout") paintNothing(id)
    else paintParts(id)
  }

  const paintPicture = (id) => {
    const each = state.sections[id]
    const { picture, plan } = state.data
    if (!each.picture) {
      const [rows, columns] = plan.shape
      const frame = newFrame({
        title: "",
        label: "The picture",
        rows,
        columns,
        className: "picture",
        toPlace: (row, column) => ({ row, column, channel: 0 }),
        moved: (place, kept) => kept && choose({ id, ...place }, true),
        left: () => {},
      })
      each.picture = frame
      each.body.append(frame.figure)
    }
    paintPixels(each.picture.canvas, state.pixels, plan.shape)
    each.picture.caption.textContent = picture.name
    each.said.textContent = "What the network gets. Every layer below works on what the one above it made."
  }

  const paintNothing = (id) => {
    const node = state.nodes[id]
    const before = state.nodes[node.inputs[0]].shape
    state.sections[id].said.textContent =
      node.kind === "flatten"
        ? `Nothing is computed: ${before.length === 3 ? `the ${whole(before[0] * before[1])} values of ${counted(before[2], "map")}` : "the values"} stand one after the other, ${whole(node.shape[0])} numbers.`
        : "Works only while the network trains. Here, values pass as they are."
  }

  /** The maps or the units of a layer as buttons. */
  const paintParts = (id) => {
    const node = state.nodes[id]
    const each = state.sections[id]
    const values = state.values[id]
    const channels = node.shape.at(-1)
    const flat = node.shape.length === 1
    const first = flat ? FIRST_UNITS : FIRST_MAPS
    // Which react most is told by the network as it is, so that nothing moves away when it is switched off.
    const order = state.order === "own" ? [...Array(channels).keys()] : strongestFirst(state.plain[id], node.shape)
    const listed = state.full.has(id) || channels <= first + 2 ? order : order.slice(0, first)
    if (state.at?.id === id && !listed.includes(state.at.channel)) listed.push(state.at.channel)
    const most = mostOf(state.plain[id])
    paintLegend(each.legend, state.plain[id], most)
    const made = `${listed.join()}|${state.full.has(id)}`
    if (each.made !== made) {
      each.made = made
      each.buttons = new Map(listed.map((channel) => [channel, newPart(id, channel)]))
      const more = channels > first + 2 ? newMore(id, channels, first) : null
      each.body.className = flat ? (weighsPicture(node) ? "maps" : "maps units") : "maps"
      each.body.replaceChildren(...each.buttons.values(), ...(more ? [more] : []))
      const all = /** @type {HTMLButtonElement[]} */ ([...each.body.querySelectorAll("button.part")])
      const columns = () => Math.max(1, Math.round(each.body.clientWidth / (all[0].offsetWidth + 6)))
      moveFocusWithArrowKeys(each.body, all, columns)
    }
    const dark = state.off.get(id)
    const reacts = state.data.reacts?.[id]
    for (const [channel, button] of each.buttons) {
      const isOff = Boolean(dark?.has(channel))
      const chosen = state.at?.id === id && state.at.channel === channel
      button.ariaPressed = String(chosen)
      button.classList.toggle("off", isOff)
      const silent = reacts && reacts[channel] < SILENT
      button.classList.toggle("dead", Boolean(silent))
      const name = `${flat ? "Unit" : "Map"} ${channel}`
      button.ariaLabel = name + (flat ? `, ${precise(values[channel])}` : "") + (isOff ? ", switched off" : "") + (silent ? ", never reacts" : "")
      button.title = `${name}${flat ? `: ${precise(values[channel])}` : ""}${silent ? `, reacts to none of ${whole(state.data.images)} images` : ""}`
      if (!flat) paintValues(button.firstChild, channelOf(values, node.shape, channel), node.shape[1], node.shape[0], state.ramps, most)
      else if (weighsPicture(node)) paintWeights(button, id, channel, values[channel], most)
      else tint(button, state.ramps, values[channel], most)
    }
    each.said.textContent = silentWords(id)
  }

  /** A dense layer right behind the picture: its weights are pictures themselves. */
  const weighsPicture = (node) => {
    if (node.kind !== "dense") return false
    let at = node.inputs[0]
    while (state.nodes[at].kind === "flatten" || state.nodes[at].kind === "dropout") at = state.nodes[at].inputs[0]
    return at === 0
  }

  const paintWeights = (button, id, channel, value, most) => {
    const { shape } = state.nodes[0]
    const own = weightsOf(state.nodes[id], channel)
    state.sections[id].strongest ??= mostOf(state.nodes[id].stage.weights) * 0.7
    paintValues(button.firstChild, meanOverColours(own, shape), shape[1], shape[0], state.ramps, state.sections[id].strongest)
    const mark = button.querySelector("i")
    tint(mark, state.ramps, value, most)
    mark.textContent = brief(value)
  }

  const newPart = (id, channel) => {
    const node = state.nodes[id]
    const flat = node.shape.length === 1
    const button = make("button", { type: "button", className: "part" })
    if (!flat || weighsPicture(node)) {
      button.append(make("canvas"), make("small", { textContent: `${channel}` }))
      if (flat) button.append(make("i"))
    }
    const kernel = !flat && node.kind === "conv" && state.nodes[node.inputs[0]].shape[2] <= 3 ? make("canvas", { className: "kernel" }) : null
    if (kernel) {
      paintKernel(kernel, node, channel)
      button.append(kernel)
    }
    button.onclick = (event) => {
      const { shape } = node
      const byKey = event.detail === 0
      let place = peakOf(state.values[id], shape, channel)
      if (!flat && !byKey && event.target === button.firstChild) {
        const area = button.firstChild.getBoundingClientRect()
        place = {
          row: within(Math.floor(((event.clientY - area.top) / area.height) * shape[0]), shape[0]),
          column: within(Math.floor(((event.clientX - area.left) / area.width) * shape[1]), shape[1]),
          channel,
        }
      }
      choose({ id, ...place }, true)
      if (byKey) focusPanel()
    }
    return button
  }

  const paintKernel = (canvas, node, channel) => {
    const { kernel } = node.layer
    const own = kernelOf(node, channel, state.nodes[node.inputs[0]].shape[2])
    const most = mostOf(node.stage.weights)
    if (own.length === 3) {
      const pixels = Uint8Array.from({ length: 3 * kernel * kernel }, (_, i) => 128 + (127 * own[i % 3][Math.floor(i / 3)]) / most)
      paintPixels(canvas, pixels, [kernel, kernel, 3])
    } else paintValues(canvas, own[0], kernel, kernel, state.ramps, most)
  }

  const newMore = (id, channels, first) => {
    const full = state.full.has(id)
    const what = state.nodes[id].shape.length === 1 ? "units" : "maps"
    const title = full ? `Show ${first} ${what}` : `Show all ${whole(channels)}`
    const more = make("button", { type: "button", className: "more", textContent: title })
    more.onclick = () => {
      if (full) state.full.delete(id)
      else state.full.add(id)
      paintLayer(id)
      const again = state.sections[id].body.querySelector(".more")
      if (again instanceof HTMLElement) again.focus()
    }
    return more
  }

  const paintLegend = (legend, values, most) => {
    const signed = isSigned(values)
    const canvas = make("canvas", { className: "scale", "aria-hidden": "true" })
    const steps = 64
    paintValues(canvas, Array.from({ length: steps }, (_, i) => (signed ? (2 * i) / (steps - 1) - 1 : i / (steps - 1)) * most), steps, 1, state.ramps, most)
    legend.replaceChildren(signed ? fixed(-most, most >= 10 ? 0 : 1) : "0", canvas, fixed(most, most >= 10 ? 0 : 1))
    legend.title = "Colours of this layer: the same for all its parts"
  }

  const silentWords = (id) => {
    const reacts = state.data.reacts?.[id]
    if (!reacts) return ""
    const silent = reacts.filter((share) => share < SILENT).length
    const word = partWord(state.nodes[id].shape)
    const images = `${whole(state.data.images)} ${state.data.images_of} images`
    if (silent) {
      return `${silent === reacts.length ? `None of its ${counted(reacts.length, word)} reacts` : `${whole(silent)} of its ${counted(reacts.length, word)} (${inPercent(silent / reacts.length, 0)}) never ${silent === 1 ? "reacts" : "react"}`} to any of ${images}: dead weight, for which a lower learning rate may help.`
    }
    const always = reacts.filter((share) => share >= 1 - SILENT).length
    return `Every ${word} reacts to some of ${images}${always ? `, ${whole(always)} of ${whole(reacts.length)} to each` : ""}.`
  }

  /** The last layer: a bar for each class. */
  const paintAnswer = (id) => {
    const each = state.sections[id]
    const values = state.values[id]
    const plain = state.plain[id]
    const { classes, picture } = state.data
    const order = [...values.keys()].sort((a, b) => plain[b] - plain[a])
    const listed = (classes.length <= BARS || state.full.has(id) ? [...values.keys()] : order.slice(0, BARS)).filter((i) => i < classes.length)
    const best = values.indexOf(Math.max(...values))
    const buttons = listed.map((label) => {
      const fill = make("i", { className: label === best ? "fill best" : "fill" })
      fill.style.width = `${100 * values[label]}%`
      const changed = Math.abs(values[label] - plain[label]) >= 0.0005
      const was = changed ? ` (was ${inPercent(plain[label])})` : ""
      const truth = picture.label === label ? make("b", { className: "truth", textContent: " ✓", title: "The label" }) : null
      const button = make(
        "button",
        { type: "button", className: "part class" },
        make("span", { className: "name" }, classes[label], truth),
        make("span", { className: "track" }, fill),
        make("span", { className: "share", textContent: `${inPercent(values[label])}${was}` }),
      )
      button.ariaPressed = String(state.at?.id === id && state.at.channel === label)
      button.onclick = (event) => {
        choose({ id, row: 0, column: 0, channel: label }, true)
        if (event.detail === 0) focusPanel()
      }
      return button
    })
    const focused = each.body.contains(root.getRootNode().activeElement) ? [...each.body.children].indexOf(root.getRootNode().activeElement) : -1
    each.body.className = "maps classes"
    const more = classes.length > BARS ? newMore(id, classes.length, BARS) : null
    each.body.replaceChildren(...buttons, ...(more ? [more] : []))
    moveFocusWithArrowKeys(each.body, buttons, () => 1)
    if (focused >= 0) /** @type {HTMLElement} */ (each.body.children[focused])?.focus()
    each.said.textContent = picture.label === null ? "" : `The label is ${classes[picture.label]}${picture.label === best ? ": right." : ": wrong."}`
  }

  // --------------------------------------------------------------------------------- the choice

  /** Shows the arithmetic of a value: for as long as the mouse is there, or kept. */
  const choose = (spot, kept) => {
    const before = state.at
    if (kept) {
      state.at = spot
      state.over = null
      writeAddressSoon()
      tellOthers()
    } else state.over = spot
    const same = before && before.id === spot.id && before.channel === spot.channel
    if (kept && !same) {
      state.shown.delete("maps")
      for (const id of new Set([before?.id, spot.id])) if (id !== undefined) paintLayer(id)
      openPanel()
    } else if (!same) openPanel()
    else refreshPanel()
  }

  /** Two views of one network, for two pictures, show the same value and have the same maps off. */
  const tellOthers = () => {
    const detail = { from: root, address: state.data.address, at: state.at, off: state.off, order: state.order }
    document.dispatchEvent(new CustomEvent(TOGETHER, { detail }))
  }
  const hear = (event) => {
    if (!root.isConnected) {
      document.removeEventListener(TOGETHER, hear)
      return
    }
    const { from, address, at, off, order } = event.detail
    if (from === root || address !== state.data?.address || !state.values.length) return
    state.at = at
    state.over = null
    state.order = order
    state.off = new Map([...off].map(([id, dark]) => [id, new Set(dark)]))
    state.values = state.off.size ? traced(state.nodes, state.image, state.off, state.plain, Math.min(...state.off.keys())) : state.plain
    paint()
    openPanel()
  }
  document.addEventListener(TOGETHER, hear)

  const writeAddressSoon = () => {
    clearTimeout(state.writing)
    state.writing = setTimeout(writeAddress, 300)
  }

  const canSwitch = (node) => node.kind !== "pixels" && node !== state.nodes.at(-1) && node.kind !== "flatten" && node.kind !== "dropout"

  const flip = (id, channel) => {
    const dark = offIn(id)
    if (!dark.delete(channel)) dark.add(channel)
    if (!dark.size) state.off.delete(id)
    switched(id)
  }

  /** Works out all that comes after a layer in which something was switched. */
  const switched = (from) => {
    state.values = state.off.size ? traced(state.nodes, state.image, state.off, state.values, from) : state.plain
    writeAddress()
    paint()
    refreshPanel()
    tellOthers()
  }

  // ---------------------------------------------------------------------------------- the panel

  /** Builds the panel for the layer and the map that are chosen, and puts it where there is room. */
  const openPanel = () => {
    const spot = state.over ?? state.at
    placePanel()
    if (!spot) {
      panel.replaceChildren(
        make("p", { className: "hint", textContent: "Choose a value in any map, and its arithmetic stands here, number by number." }),
        newAnswer(),
      )
      state.parts = null
      return
    }
    const node = state.nodes[spot.id]
    const title = make("p", { className: "where" }, make("b", { textContent: node.title }))
    const place = make("p", { className: "place", role: "status" })
    const value = make("p", { className: "value" })
    const actions = make("div", { className: "actions" })
    const looks = make("div", { className: "looks" })
    const kernels = make("div", { className: "kernels" })
    const exciting = make("div", { className: "exciting" })
    const sum = make("div", { className: "sum" })
    const answer = make("div", {})
    const close = make("button", { type: "button", className: "close", textContent: "×", ariaLabel: "Close the arithmetic" })
    close.onclick = closePanel
    panel.replaceChildren(close, title, place, value, actions, answer, looks, sum, exciting, kernels)
    state.parts = { spot, place, value, actions, looks, kernels, sum, answer, frames: [] }
    buildLooks(spot)
    buildKernels(spot)
    buildExciting(spot, exciting)
    refreshPanel()
  }

  const closePanel = () => {
    const back = state.at && state.sections[state.at.id].buttons.get(state.at.channel)
    const id = state.at?.id
    state.at = null
    state.over = null
    writeAddress()
    if (id !== undefined) paintLayer(id)
    openPanel()
    back?.focus()
  }

  const placePanel = () => {
    const spot = state.at
    if (state.wide) {
      if (panel.parentElement !== stage) stage.append(panel)
      panel.hidden = false
    } else {
      panel.hidden = !spot
      if (spot && panel.previousElementSibling !== state.sections[spot.id].body) state.sections[spot.id].body.after(panel)
    }
  }

  const focusPanel = () => {
    const target = panel.querySelector(".frame[tabindex]") ?? panel.querySelector("button:not(.close)")
    if (target instanceof HTMLElement) target.focus()
  }

  panel.onkeydown = (event) => {
    if (event.key !== "Escape" || !state.at) return
    event.stopPropagation()
    const back = state.sections[state.at.id].buttons.get(state.at.channel)
    if (state.wide) back?.focus()
    else closePanel()
  }

  const stepped = (down, right) => {
    const { id, row, column, channel } = state.at
    const [rows, columns] = state.nodes[id].shape
    choose({ id, row: within(row + down, rows), column: within(column + right, columns), channel }, true)
  }

  /** The pictures of the panel: where in the picture, where in the input, where in the map. */
  const buildLooks = (spot) => {
    const { nodes } = state
    const node = nodes[spot.id]
    const { looks, frames } = state.parts
    const hover = (place, kept) => choose({ id: spot.id, ...place, channel: spot.channel }, kept)
    const left = () => {
      if (!state.over) return
      state.over = null
      refreshPanel()
    }
    if (node.shape.length === 1) {
      if (weighsPicture(node)) buildWeights(spot)
      else if (node.kind === "average") {
        const [rows, columns] = nodes[node.inputs[0]].shape
        const frame = newFrame({ title: `Map ${spot.channel}`, label: `Map ${spot.channel} of the layer before`, rows, columns })
        frames.push({ frame, paint: () => paintChannel(frame, node.inputs[0], spot.channel) })
        looks.append(frame.figure)
      }
      return
    }
    const [rows, columns] = node.shape
    const [height, width] = nodes[0].shape
    const hasWindow = node.kind === "conv" || node.kind === "pool"
    const source = node.inputs[0]
    if (spot.id !== 0 && !(hasWindow && source === 0)) {
      const frame = newFrame({
        title: "In the picture",
        label: "The part of the picture that this value depends on",
        rows: height,
        columns: width,
        toPlace: (row, column) => ({ row: Math.floor((row * rows) / height), column: Math.floor((column * columns) / width), channel: spot.channel }),
        moved: hover,
        left,
      })
      const show = ({ row, column, channel }) => {
        paintPixels(frame.canvas, state.pixels, nodes[0].shape)
        frame.mark(fieldOf(nodes, spot.id, { row, column, channel }))
      }
      frames.push({ frame, paint: show })
      looks.append(frame.figure)
    }
    if (hasWindow) {
      const [inRows, inColumns] = nodes[source].shape
      const frame = newFrame({
        title: "",
        label: "What the layer reads, with the window",
        rows: inRows,
        columns: inColumns,
        toPlace: (row, column) => placeUnder(node, row, column, spot.channel),
        moved: hover,
        left,
        stepped,
      })
      const show = (_, parts) => {
        const channel = node.kind === "pool" ? spot.channel : strongestInput(parts)
        if (source === 0) paintPixels(frame.canvas, state.pixels, nodes[0].shape)
        else paintChannel(frame, source, channel)
        frame.caption.textContent = source === 0 ? "Picture" : `Input: map ${channel}`
        const { top, left: first, size } = parts.window
        frame.mark({
          top: Math.max(0, top),
          left: Math.max(0, first),
          bottom: Math.min(inRows, top + size) - 1,
          right: Math.min(inColumns, first + size) - 1,
        })
      }
      frames.push({ frame, paint: show })
      looks.append(frame.figure)
    }
    const own = newFrame({
      title: spot.id === 0 ? "Picture" : `Map ${spot.channel}`,
      label: `${spot.id === 0 ? "The picture" : `Map ${spot.channel}`}, ${rows} by ${columns}. The arrow keys move through it.`,
      rows,
      columns,
      toPlace: (row, column) => ({ row, column, channel: spot.channel }),
      moved: hover,
      left,
      stepped,
    })
    const show = ({ row, column }) => {
      if (spot.id === 0) paintPixels(own.canvas, state.pixels, nodes[0].shape)
      else paintChannel(own, spot.id, spot.channel)
      own.mark({ top: row, left: column, bottom: row, right: column })
    }
    frames.push({ frame: own, paint: show })
    looks.append(own.figure)
  }

  /** The input map that adds most at the value that was chosen; under the mouse it stays the same one. */
  const strongestInput = (parts) => {
    if (!state.over || state.parts.input === undefined) {
      const best = parts.channels.reduce((a, b) => (Math.abs(b.sum) > Math.abs(a.sum) ? b : a))
      state.parts.input = best.channel
    }
    return state.parts.input
  }

  const paintChannel = (frame, id, channel) => {
    const { shape } = state.nodes[id]
    paintValues(frame.canvas, channelOf(state.values[id], shape, channel), shape[1], shape[0], state.ramps, mostOf(state.plain[id]))
  }

  const buildWeights = (spot) => {
    const { looks, frames } = state.parts
    const node = state.nodes[spot.id]
    const { shape } = state.nodes[0]
    const own = weightsOf(node, spot.channel)
    const figures = ["Picture", "× weights", "= products"].map((title) => newFrame({ title, label: title, rows: shape[0], columns: shape[1] }))
    const paintAll = () => {
      const products = own.map((weight, i) => weight * state.image[i])
      paintPixels(figures[0].canvas, state.pixels, shape)
      for (const [number, weighed] of [own, products].entries()) {
        const shown = meanOverColours(weighed, shape)
        paintValues(figures[number + 1].canvas, shown, shape[1], shape[0], state.ramps, mostOf(shown) * 0.8)
      }
    }
    frames.push({ frame: figures[0], paint: paintAll })
    looks.append(...figures.map((each) => each.figure))
  }

  /** The kernel of a map, one square for each map that it reads. */
  const buildKernels = ({ id, channel }) => {
    const node = state.nodes[id]
    if (node.kind !== "conv") return
    const count = state.nodes[node.inputs[0]].shape[2]
    if (count <= 3) return
    const { kernel } = node.layer
    const squares = kernelOf(node, channel, count)
    const columns = Math.ceil(Math.sqrt(count * 2))
    const canvas = make("canvas", { role: "img", ariaLabel: `The kernel of map ${channel}: ${count} squares of ${kernel} by ${kernel} weights` })
    paintSquares(canvas, squares, kernel, columns, state.ramps, mostOf(squares.flatMap((each) => [...each])))
    state.parts.kernels.append(make("p", { textContent: `Its kernel: ${kernel} × ${kernel} weights for each of the ${count} maps that it reads.` }), canvas)
  }

  /** The images that excite a map or a unit most: of each the part that it can see. */
  const buildExciting = async ({ id, channel }, box) => {
    const { reacts, address, classes, images_of: kind } = state.data
    if (!reacts?.[id]) return
    let best = []
    try {
      const answer = await fetch(inApp(`${address}/${id}/${channel}`))
      if (answer.ok) best = (await answer.json()).best
    } catch (error) {
      console.warn(`The images could not be fetched: ${error}`)
    }
    if (!best.length || !box.isConnected) return
    const node = state.nodes[id]
    const { shape } = state.nodes[0]
    const pictures = best.map(({ pixels, index, label, row, column }) => {
      const image = Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0))
      const field = fieldOf(state.nodes, id, { row, column, channel })
      const canvas = make("canvas")
      paintPixels(canvas, cutOut(image, shape, field), [field.bottom - field.top + 1, field.right - field.left + 1, shape[2]])
      const name = `${classes[label]}, ${kind} image ${whole(index)}`
      const ask = new URL(window.location.href)
      ask.searchParams.set("image", `train-${index}`)
      ask.searchParams.set("at", `${id}.${channel}.${row}.${column}`)
      const link = make("a", { href: ask.href, title: name, ariaLabel: name }, canvas)
      return link
    })
    const what = node.shape.length === 3 ? `What excites map ${channel} most, in ${whole(state.data.images)} ${kind} images: the part that it sees.` : `The images that excite unit ${channel} most, of ${whole(state.data.images)} ${kind} images.`
    box.replaceChildren(make("p", { textContent: what }), make("div", { className: "row" }, ...pictures))
  }

  /** Writes the numbers of the place that is chosen. */
  const refreshPanel = () => {
    const spot = state.over ?? state.at
    if (!spot || !state.parts) return openPanel()
    if (state.parts.spot.id !== spot.id || state.parts.spot.channel !== spot.channel) return openPanel()
    const { id, row, column, channel } = spot
    const place = { row, column, channel }
    const node = state.nodes[id]
    const isOff = Boolean(state.off.get(id)?.has(channel))
    const honest = isOff ? withOn(id) : state.values
    const parts = explained(state.nodes, honest, id, place)
    const { place: where, value, actions, sum, answer, frames } = state.parts
    const isAnswer = id === state.nodes.length - 1
    where.textContent = isAnswer ? `Class ${state.data.classes[channel]}` : id === 0 ? `Row ${row}, column ${column}` : upper(placeWords(node.shape, place))
    const shown = isAnswer ? inPercent(parts.value, 2) : precise(parts.value)
    value.textContent = isOff ? "0 (switched off)" : shown
    for (const each of frames) each.paint(place, parts)
    const scene = {
      nodes: state.nodes,
      values: state.values,
      ramps: state.ramps,
      classes: state.data.classes,
      scale: state.data.plan.scale,
      shown: state.shown,
      follow: (to, at) => {
        choose({ id: to, ...at }, true)
        reveal(to)
      },
      show: (what) => {
        if (!state.shown.delete(what)) state.shown.add(what)
        refreshPanel()
      },
    }
    sum.replaceChildren(...arithmeticOf(scene, id, place, parts))
    fillActions(actions, spot, parts, isOff)
    answer.replaceChildren(newAnswer())
  }

  /** What a layer whose map is off makes by itself. */
  const withOn = (id) => {
    const { inputs, stage: layer } = state.nodes[id]
    const values = state.values.slice()
    values[id] = inputs.length === 2 ? values[inputs[0]].map((each, i) => each + values[inputs[1]][i]) : layer.run(values[inputs[0]])
    return values
  }

  const fillActions = (actions, { id, channel }, parts, isOff) => {
    const node = state.nodes[id]
    const wanted = `${id}.${channel}.${isOff}`
    actions.parts = parts
    if (actions.made === wanted) return
    actions.made = wanted
    const buttons = []
    if (canSwitch(node)) {
      const word = partWord(node.shape)
      const toggle = make("button", { type: "button", className: "plain", textContent: `Switch ${word} ${channel} ${isOff ? "on" : "off"}` })
      toggle.onclick = () => {
        flip(id, channel)
        const again = actions.querySelector("button")
        again?.focus()
      }
      buttons.push(toggle)
    }
    const copy = make("button", { type: "button", className: "plain", textContent: "Copy as Python", title: "Copies the numbers and the sum as a few lines of Python, to check it" })
    copy.onclick = async () => {
      try {
        await navigator.clipboard.writeText(inPython(actions.parts))
        copy.textContent = "Copied"
      } catch {
        copy.textContent = "The browser does not allow it"
      }
      setTimeout(() => (copy.textContent = "Copy as Python"), 2500)
    }
    buttons.push(copy)
    actions.replaceChildren(...buttons)
  }

  /** The answer in short, and what it was before something was switched off. */
  const newAnswer = () => {
    const id = state.nodes.length - 1
    const [values, plain] = [state.values[id], state.plain[id]]
    const { classes } = state.data
    const say = (probabilities) => {
      const best = probabilities.indexOf(Math.max(...probabilities))
      return `${classes[best]} ${inPercent(probabilities[best])}`
    }
    const box = make("p", { className: "answer" }, "Answer: ")
    if (state.off.size) box.append(make("s", { textContent: say(plain) }), " → ")
    box.append(make("b", { textContent: say(values) }))
    return box
  }

  const reveal = (id) => {
    const { section } = state.sections[id]
    const smooth = !window.matchMedia("(prefers-reduced-motion: reduce)").matches
    section.scrollIntoView({ block: "nearest", behavior: smooth ? "smooth" : "auto" })
  }

  /** What a screen reader needs to know of the whole. */
  const writeWords = () => {
    const learned = state.nodes.reduce((sum, node) => sum + (node.kind === "add" ? 0 : node.parameters), 0)
    flow.ariaLabel = `${state.nodes.length - 1} layers, ${whole(learned)} parameters`
  }

  const measure = () => {
    if (!root.clientWidth) return
    const wide = root.clientWidth >= WIDE
    if (wide === state.wide && state.measured) return
    state.measured = true
    state.wide = wide
    stage.classList.toggle("wide", wide)
    if (state.values.length) openPanel()
  }
  new ResizeObserver(measure).observe(root)
  return { take }
}

/** The weights of one unit of a dense layer, in the order of what it reads. */
function weightsOf({ stage, shape }, unit) {
  const count = stage.weights.length / shape[0]
  return Float32Array.from({ length: count }, (_, i) => stage.weights[i * shape[0] + unit])
}

/** The kernel of one map: the weights for each map that it reads, row by row. */
function kernelOf({ layer, stage, shape }, filter, count) {
  return Array.from({ length: count }, (_, channel) =>
    Float32Array.from({ length: layer.kernel ** 2 }, (__, i) => stage.weights[(i * count + channel) * shape[2] + filter]),
  )
}

/** One number a pixel, where there is one a colour. @param {number[]} shape */
function meanOverColours(numbers, shape) {
  const [height, width, channels] = shape
  if (channels === 1) return numbers
  return Float32Array.from({ length: height * width }, (_, i) => {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += numbers[i * channels + channel]
    return sum / channels
  })
}

/** The pixels of a part of an image. @param {number[]} shape */
function cutOut(pixels, shape, { top, left, bottom, right }) {
  const [, width, channels] = shape
  const found = []
  for (let row = top; row <= bottom; row++) {
    found.push(...pixels.subarray((row * width + left) * channels, (row * width + right + 1) * channels))
  }
  return found
}

const upper = (text) => text[0].toUpperCase() + text.slice(1)
