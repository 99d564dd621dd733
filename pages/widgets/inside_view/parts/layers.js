/** The layers of a network, one above the other: maps and units as buttons, the answer as bars. */

const MAP = 58 + 6 // px that a map takes, with the room beside it; as in the style
const UNIT = 26 + 3
const SILENT = 0.0005 // share of images below which a part counts as never reacting
const SILENT_SHOWN = 6 // parts that never react and stand after those that are listed anyway
const BARS = 12 // classes with a bar

/**
 * Returns what draws the layers.
 * @param {any} root of the component
 * @param {any} state of the view
 * @param {any} act what a person can do: choose, focusPanel, sort, switchAllOn
 */
function newLayers(root, state, act) {
  const bar = make("div", { className: "tools" })
  const flow = make("div", { className: "flow" })

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
      button.onclick = () => act.sort(order)
      button.dataset.order = order
      return button
    })
    const group = make("div", { className: "choice", role: "group", "aria-label": "Order of the maps" }, ...choices)
    const on = make("button", { type: "button", className: "plain" })
    on.onclick = () => act.switchAllOn()
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

  /** Lets the next painting make all maps and units anew, as in other colours. */
  const forget = () => {
    for (const each of state.sections) each.made = ""
  }

  /** Draws every layer anew. */
  const paint = () => {
    for (const button of state.bar.choices) button.ariaPressed = String(button.dataset.order === state.order)
    const count = [...state.off.values()].reduce((sum, dark) => sum + dark.size, 0)
    state.bar.on.hidden = count === 0
    state.bar.on.textContent = `Switch all on (${count} off)`
    for (let id = 0; id < state.nodes.length; id++) paintLayer(id)
    const learned = state.nodes.reduce((sum, node) => sum + (node.kind === ADDED ? 0 : node.parameters), 0)
    flow.ariaLabel = `${state.nodes.length - 1} layers, ${whole(learned)} parameters`
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
        label: "The picture. The arrow keys choose a pixel.",
        rows,
        columns,
        className: "picture",
        toPlace: (row, column) => ({ row, column, channel: 0 }),
        moved: (place, kept) => kept && act.choose({ id, ...place }, true),
        left: () => {},
        stepped: (down, right) => {
          const { row, column } = state.at?.id === id ? state.at : { row: rows >> 1, column: columns >> 1 }
          act.choose({ id, row: within(row + down, rows), column: within(column + right, columns), channel: 0 }, true)
        },
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
    state.sections[id].said.textContent = node.kind === "flatten" ? flattenWords(before, node) : "Works only while the network trains. Here, values pass as they are."
  }

  /** The maps or the units of a layer as buttons. */
  const paintParts = (id) => {
    const node = state.nodes[id]
    const each = state.sections[id]
    const values = state.values[id]
    const channels = node.shape.at(-1)
    const flat = node.shape.length === 1
    const pictured = !flat || weighsPicture(state.nodes, node)
    const first = countAtFirst(flow.clientWidth - 26 * node.depth, pictured)
    // Which react most is told by the network as it is, so that nothing moves away when it is switched off.
    const order = state.order === "own" ? [...Array(channels).keys()] : strongestFirst(state.plain[id], node.shape)
    const reacts = state.data.reacts?.[id]
    const listed = state.full.has(id) || channels <= first + 1 ? order : listedOf(order, first, reacts)
    if (state.at?.id === id && !listed.includes(state.at.channel)) listed.push(state.at.channel)
    const most = mostOf(state.plain[id])
    paintLegend(each.legend, state.plain[id], most)
    const made = `${listed.join()}|${state.full.has(id)}`
    if (each.made !== made) {
      each.made = made
      each.buttons = new Map(listed.map((channel) => [channel, newPart(id, channel)]))
      const more = state.full.has(id) ? channels > first + 1 : listed.length < channels
      each.body.className = pictured ? "maps" : "maps units"
      each.body.replaceChildren(...each.buttons.values(), ...(more ? [newMore(id, channels, pictured)] : []))
      const all = /** @type {HTMLButtonElement[]} */ ([...each.body.querySelectorAll("button.part")])
      const columns = () => Math.max(1, Math.round(each.body.clientWidth / (all[0].offsetWidth + 6)))
      moveFocusWithArrowKeys(each.body, all, columns)
    }
    const dark = state.off.get(id)
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
      else if (weighsPicture(state.nodes, node)) paintWeights(button, id, channel, values[channel], most)
      else tint(button, state.ramps, values[channel], most)
    }
    each.said.textContent = silentWords(id)
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
    if (!flat || weighsPicture(state.nodes, node)) {
      button.append(make("canvas"), make("small", { textContent: `${channel}` }))
      if (flat) button.append(make("i"))
    }
    const kernel = !flat && node.kind === "conv" && node.inputs[0] === 0 ? make("canvas", { className: "kernel" }) : null
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
      act.choose({ id, ...place }, true)
      if (byKey) act.focusPanel()
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

  const newMore = (id, channels, pictured) => {
    const full = state.full.has(id)
    const more = make("button", { type: "button", className: pictured ? "more tile" : "more", textContent: full ? "Fewer" : `All ${whole(channels)}` })
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
    const images = `${whole(state.data.images)} validation images`
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
        act.choose({ id, row: 0, column: 0, channel: label }, true)
        if (event.detail === 0) act.focusPanel()
      }
      return button
    })
    const focused = each.body.contains(root.getRootNode().activeElement) ? [...each.body.children].indexOf(root.getRootNode().activeElement) : -1
    each.buttons = new Map(listed.map((label, i) => [label, buttons[i]]))
    each.body.className = state.off.size ? "maps classes changed" : "maps classes"
    const more = classes.length > BARS ? newMore(id, classes.length, false) : null
    each.body.replaceChildren(...buttons, ...(more ? [more] : []))
    moveFocusWithArrowKeys(each.body, buttons, () => 1)
    if (focused >= 0) /** @type {HTMLElement} */ (each.body.children[focused])?.focus()
    const label = picture.label === null ? "" : `The label is ${classes[picture.label]}${picture.label === best ? ": right." : ": wrong."}`
    each.said.textContent = [label, togetherWords(state)].filter(Boolean).join(" ")
  }

  return { bar, flow, build, forget, paint, paintLayer }
}

/** Says what a model of several networks answers, of which this is one. */
function togetherWords({ together, data }) {
  if (!together) return ""
  const best = together.indexOf(Math.max(...together))
  return `The whole model, the mean of its ${data.others.length + 1} networks for the picture and its mirror image, answers ${data.classes[best]} (${inPercent(together[best])}).`
}

function flattenWords(before, node) {
  const count = whole(node.shape[0])
  if (node.inputs[0] === 0) return `Nothing is computed: the ${count} values of the picture stand one after the other.`
  if (before.length === 1) return "Nothing is computed: the values stand one after the other already."
  return `Nothing is computed: the ${whole(before[0] * before[1])} values of ${counted(before[2], "map")} stand one after the other, as ${count} numbers.`
}

/** Returns how many maps, or units, of a layer fit into one row of a wide page or two of a narrow one, but for one. */
function countAtFirst(width, pictured) {
  const columns = Math.max(4, Math.floor((width + 6) / (pictured ? MAP : UNIT)))
  return columns * (pictured && columns >= 9 ? 1 : 2) - (pictured ? 1 : 3)
}

/**
 * Returns the parts of a layer that are shown of many: the first ones, and a few that never react.
 * @param {number[]} order of all @param {number} first how many @param {number[]} [reacts] to which share of the images
 */
function listedOf(order, first, reacts) {
  const silent = order.slice(first).filter((channel) => reacts && reacts[channel] < SILENT)
  return [...order.slice(0, first), ...silent.slice(0, SILENT_SHOWN)]
}

/** Tells whether a dense layer is right behind the picture: its weights are pictures themselves. */
function weighsPicture(nodes, node) {
  if (node.kind !== "dense") return false
  let at = node.inputs[0]
  while (nodes[at].kind === "flatten" || nodes[at].kind === "dropout") at = nodes[at].inputs[0]
  return at === 0
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
