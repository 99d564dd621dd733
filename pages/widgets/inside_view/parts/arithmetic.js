/** The arithmetic of one value, as a person would write it down: one function a kind of layer. */

const GRIDS = 3 // input maps whose products are written out at first
const ROWS = 10 // products of a dense layer that are listed
const EXPONENT = "e"
const COLOURS = ["Red", "Green", "Blue"]

/**
 * What the functions need to know of the view.
 * @typedef {{nodes: LaidNode[], values: Float32Array[], ramps: any, classes: string[], scale: number,
 *   follow: (id: number, place: Place) => void, show: (what: string) => void, shown: Set<string>}} View
 */

/**
 * Returns the elements that write a value's arithmetic down.
 * @param {View} scene
 * @param {number} id @param {Place} place @param {any} parts of `explained`
 * @returns {HTMLElement[]}
 */
function arithmeticOf(scene, id, place, parts) {
  return WRITTEN[parts.kind]({ scene, node: scene.nodes[id], place, parts })
}

const WRITTEN = {
  pixels: ({ scene: { scale }, node, place, parts: { value } }) => [
    words("A pixel of the picture. The network gets its levels from 0 to 1."),
    ledger([
      [`${node.shape[2] === 3 ? COLOURS[place.channel] : "Level"} in the file, 0 to 255`, fixed(value / scale, 0)],
      [`Divided by ${brief(1 / scale)}`, precise(value), "total"],
    ]),
  ],

  conv({ scene, node, parts: { window, channels, bias, sum, value, activation } }) {
    const { layer } = node
    const source = node.inputs[0]
    const before = scene.nodes[source]
    const isPicture = source === 0
    const byWeight = [...channels].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum))
    const all = scene.shown.has("maps") || channels.length <= GRIDS
    const written = all ? byWeight : byWeight.slice(0, GRIDS)
    const rest = byWeight.slice(written.length)
    const levels = mostOf(channels.flatMap((each) => each.patch.map((level) => level ?? 0)))
    const weights = mostOf(channels.flatMap((each) => each.weights))
    const products = Math.max(...channels.map(({ patch, weights: own }) => mostOf(patch.map((level, i) => (level ?? 0) * own[i]))))
    const name = (channel) => {
      if (!isPicture) return `Map ${channel}`
      return before.shape[2] === 3 ? COLOURS[channel] : "Picture"
    }
    const middle = (layer.kernel - 1) >> 1
    const found = []
    for (const { channel, patch, weights: own, sum: total } of written) {
      const head = make("div", { className: "channel" })
      if (isPicture) head.append(make("b", { textContent: name(channel) }))
      else {
        const row = within(window.top + middle, before.shape[0])
        const column = within(window.left + middle, before.shape[1])
        head.append(link(name(channel), "Show where these values come from", () => scene.follow(source, { row, column, channel })))
      }
      head.append(make("span", {}, "sum of products ", make("b", { textContent: precise(total) })))
      const terms = make("div", { className: layer.kernel > 3 ? "terms large" : "terms" })
      terms.append(
        grid("Patch", patch, layer.kernel, scene.ramps, levels),
        sign("×"),
        grid("Kernel", own, layer.kernel, scene.ramps, weights),
        sign("="),
        grid("Products", patch.map((level, i) => (level ?? 0) * own[i]), layer.kernel, scene.ramps, products),
      )
      found.push(head, terms)
    }
    if (channels.length > GRIDS) {
      const title = all ? `Show the ${GRIDS} that matter most` : `Show all ${channels.length} maps`
      found.push(link(title, "", () => scene.show("maps")))
    }
    found.push(
      ledger([
        ...(channels.length <= 6 || all ? [] : written.map(({ channel, sum: own }) => [name(channel), precise(own)])),
        ...(channels.length > 1 && (channels.length <= 6 || all) ? byWeight.map(({ channel, sum: own }) => [name(channel), precise(own)]) : []),
        ...(channels.length === 1 && bias !== null ? [["Sum of products", precise(channels[0].sum)]] : []),
        ...(rest.length && channels.length > 6 ? [[counted(rest.length, "other map"), precise(rest.reduce((a, each) => a + each.sum, 0))]] : []),
        ...(bias === null ? [] : [["Bias", precise(bias)]]),
        ["Sum", precise(sum), "sum"],
        ...activated(activation, sum, value),
      ]),
    )
    if (channels.some(({ patch }) => patch.includes(null))) {
      found.push(words("Striped squares lie beyond the edge, where padding puts zeros."))
    }
    return found
  },

  dense({ scene, node, place, parts }) {
    const { products, bias, sum, value, activation } = parts
    const source = node.inputs[0]
    const order = [...products].sort((a, b) => Math.abs(b.product) - Math.abs(a.product))
    const top = order.slice(0, ROWS)
    const rest = order.slice(ROWS)
    const most = mostOf(top.map((each) => each.product))
    const table = make("table", { className: "products" })
    table.append(headRow(["Input", "value", "× weight", "= product", ""]))
    for (const { unit, level, weight, product } of top) {
      const origin = originOf(scene.nodes, source, unit)
      const bar = make("i")
      bar.style.width = `${(100 * Math.abs(product)) / (most || 1)}%`
      tint(bar, scene.ramps, product < 0 ? -0.6 : 0.6, 1)
      table.append(
        make(
          "tr",
          {},
          make("td", {}, link(origin.words, "Show where this value comes from", () => scene.follow(origin.id, origin.place))),
          make("td", { textContent: precise(level) }),
          make("td", { textContent: precise(weight) }),
          make("td", { textContent: precise(product) }),
          make("td", { className: "bar" }, bar),
        ),
      )
    }
    const found = [words(`The strongest of its ${counted(products.length, "connection")}:`), make("div", { className: "wide" }, table)]
    const lines = [
      [top.length === 1 ? "This product" : `These ${top.length} products`, precise(top.reduce((a, each) => a + each.product, 0))],
      ...(rest.length ? [[counted(rest.length, "other product"), precise(rest.reduce((a, each) => a + each.product, 0))]] : []),
      ["Bias", precise(bias)],
      ["Sum", precise(sum), "sum"],
    ]
    if (activation === "softmax") return [...found, ledger(lines), ...softmaxOf(scene, parts, place.channel)]
    return [...found, ledger([...lines, ...activated(activation, sum, value)])]
  },

  norm({ scene, node, place, parts: { level, mean, variance, gamma, beta, epsilon, value } }) {
    const deviation = Math.sqrt(variance + epsilon)
    const normal = (level - mean) / deviation
    return [
      words("Each map is brought to mean 0 and spread 1, as measured while training, then scaled and shifted."),
      ledger([
        [incoming(scene, node, place), precise(level)],
        ["Less the mean of this map", `− ${precise(mean)}`.replace("− −", "+ ")],
        [`Divided by its spread, √(${precise(variance)} + ${epsilon})`, `÷ ${precise(deviation)}`],
        ["Normalised", precise(normal), "sum"],
        ["Times γ (learned)", `× ${precise(gamma)}`],
        ["Plus β (learned)", `+ ${precise(beta)}`.replace("+ −", "− ")],
        ["Result", precise(value), "total"],
      ]),
    ]
  },

  activation({ scene, node, place, parts }) {
    if (parts.activation === "softmax") return softmaxOf(scene, parts, place.channel)
    const { level, activation, value } = parts
    return [
      words("ReLU lets positive values pass and turns negative ones into zero."),
      ledger([[incoming(scene, node, place), precise(level)], ...activated(activation, level, value)]),
    ]
  },

  pool({ scene, node, place, parts: { window, levels, largest, value } }) {
    const { size } = node.layer
    const from = { row: window.top + Math.floor(largest / size), column: window.left + (largest % size), channel: place.channel }
    return [
      words(`The largest of the ${size} × ${size} values in the window.`),
      make("div", { className: "terms" }, grid("Window", levels, size, scene.ramps, mostOf(levels), largest)),
      ledger([[link("Largest", "Show where it comes from", () => scene.follow(node.inputs[0], from)), precise(value), "total"]]),
    ]
  },

  average: ({ scene, node, place, parts: { levels, sum, value } }) => [
    words(`The mean of all values of map ${place.channel}.`),
    link(`Map ${place.channel}`, "Show the map", () => scene.follow(node.inputs[0], place)),
    ledger([
      [`Sum of ${counted(levels.length, "value")}`, precise(sum)],
      [`Divided by ${levels.length}`, precise(value), "total"],
    ]),
  ],

  flatten: ({ scene, node, parts: { from, value } }) => [
    words("Nothing is computed: the values of all maps stand one after the other."),
    link(placeWords(scene.nodes[node.inputs[0]].shape, from, "Map"), "", () => scene.follow(node.inputs[0], from)),
    ledger([["The same value", precise(value), "total"]]),
  ],

  dropout: ({ parts: { value } }) => [
    words("Dropout works only while a network trains: values pass as they are."),
    ledger([["The same value", precise(value), "total"]]),
  ],

  add: ({ scene, node, place, parts: { into, branch, value } }) => [
    words("The shortcut: what went into the block, plus what its layers made of it."),
    ledger([
      [link("What went in", "", () => scene.follow(node.inputs[0], place)), precise(into)],
      [link("What the layers made of it", "", () => scene.follow(node.inputs[1], place)), `+ ${precise(branch)}`.replace("+ −", "− ")],
      ["Sum", precise(value), "total"],
    ]),
  ],
}

/** Returns the way back to the value that a layer gets, where it gets one at each place. */
function incoming(scene, node, place) {
  return link("Value that comes in", "Show where it comes from", () => scene.follow(node.inputs[0], place))
}

/** Returns where a dense layer's input comes from: a unit, or behind flatten the place in a map. */
function originOf(nodes, id, unit) {
  let at = id
  while (nodes[at].kind === "dropout") at = nodes[at].inputs[0]
  if (nodes[at].kind !== "flatten") return { id: at, place: { row: 0, column: 0, channel: unit }, words: `unit ${unit}` }
  const source = nodes[at].inputs[0]
  const { shape } = nodes[source]
  const place = placeAt(shape, unit)
  const { row, column, channel } = place
  if (source === 0) return { id: 0, place, words: `pixel ${row}, ${column}${shape[2] === 3 ? ` ${COLOURS[channel].toLowerCase()}` : ""}` }
  return { id: source, place, words: `map ${channel} (${row}, ${column})` }
}

function activated(activation, sum, value) {
  if (activation === "relu") return [[`ReLU: max(0, ${precise(sum)})`, precise(value), "total"]]
  return [["No activation here: the sum is the value", precise(value), "total"]]
}

function softmaxOf(scene, { sums, most, powers, total, value }, unit) {
  const order = [...sums.keys()].sort((a, b) => sums[b] - sums[a])
  const listed = order.slice(0, 12)
  if (!listed.includes(unit)) listed.push(unit)
  const table = make("table", { className: "products" })
  table.append(headRow(["Class", "sum", `${EXPONENT} to the power`, "share"]))
  for (const each of listed) {
    table.append(
      make(
        "tr",
        { className: each === unit ? "chosen" : "" },
        make("td", { textContent: scene.classes[each] ?? `unit ${each}` }),
        make("td", { textContent: precise(sums[each]) }),
        make("td", { textContent: precise(powers[each]) }),
        make("td", { textContent: inPercent(powers[each] / total) }),
      ),
    )
  }
  return [
    words(`Softmax turns the sums of all ${sums.length} units into shares that add up to 1. The largest sum, ${precise(most)}, is first subtracted from each; that changes no share.`),
    make("div", { className: "wide" }, table),
    ledger([
      [`${EXPONENT} to the power of ${precise(sums[unit])} − ${precise(most)}`.replace("− −", "+ "), precise(powers[unit])],
      [`Divided by the total of all ${sums.length}`, `÷ ${precise(total)}`],
      ["Probability", precise(value), "total"],
    ]),
  ]
}

function words(text) {
  return make("p", { textContent: text })
}

function sign(text) {
  return make("span", { className: "sign", textContent: text })
}

function link(text, title, onclick) {
  return make("button", { type: "button", className: "link", textContent: text, title, onclick })
}

function headRow(titles) {
  return make("tr", {}, ...titles.map((textContent) => (textContent ? make("th", { textContent, scope: "col" }) : make("td"))))
}

/** Returns lines of words with a number each; the third entry says what the number is. */
function ledger(lines) {
  const table = make("table", { className: "ledger" })
  for (const [what, number, kind = ""] of lines) {
    table.append(make("tr", { className: kind }, make("td", {}, what), make("td", { textContent: number })))
  }
  return table
}

/** Returns numbers as a square of coloured cells; null is beyond the edge. */
function grid(title, numbers, size, ramps, most, framed = -1) {
  const cells = make("div", { className: "grid" })
  cells.style.setProperty("--size", size)
  numbers.forEach((number, i) => {
    const cell = make("span", { textContent: brief(number ?? 0), className: i === framed ? "framed" : "" })
    if (number === null) cell.className = "beyond"
    else tint(cell, ramps, number, most)
    cells.append(cell)
  })
  return make("div", { className: "term" }, make("small", { textContent: title }), cells)
}
