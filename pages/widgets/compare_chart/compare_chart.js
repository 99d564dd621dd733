/** The curves of up to six runs on the same axes, under a legend of buttons that hide and show. */
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root")
  if (root.childElementCount === 0) root.innerHTML = '<div class="legend" role="group" aria-label="Runs shown"></div><div></div>'
  const [legend, plot] = root.children
  root.hiddenRuns ??= new Set()
  const draw = () => drawChart(plot, { ...data, hidden: root.hiddenRuns }, figure)
  drawLegend(legend, data.runs, root.hiddenRuns, draw)
  return draw()
}

function drawLegend(legend, runs, hidden, draw) {
  const colours = runColours(legend)
  while (legend.children.length > runs.length) legend.lastChild.remove()
  while (legend.children.length < runs.length) legend.append(newEntry())
  runs.forEach((run, i) => {
    const button = legend.children[i]
    button.replaceChildren(runMark(run.letter, colours[i]), Object.assign(document.createElement("span"), { textContent: run.title }))
    button.title = run.title
    const mark = () => (button.ariaPressed = String(!hidden.has(run.id)))
    mark()
    button.onclick = () => {
      if (!hidden.delete(run.id)) hidden.add(run.id)
      mark()
      draw()
    }
  })
}

function newEntry() {
  return Object.assign(document.createElement("button"), { type: "button", className: "entry" })
}

function figure({ runs, across, first, lines, smoothing, height, hidden }, root) {
  const drawn = runs.flatMap((run) => lines.map((line) => run[line]))
  const end = Math.max(0, ...drawn.flatMap(({ x }) => x.slice(-1)))
  const layout = twoPanels(root, {
    height,
    end: end || 1,
    title: across,
    hover: `${across}: %{x:,.4~r}`,
    empty: end === 0,
    highest: drawn.reduce((most, { loss }) => Math.max(most, ...loss), 0), // null counts as 0
    revision: `${across} ${first} ${runs.map(({ id }) => id)}`,
    top: 12,
  })
  const colours = runColours(root)
  const traces = runs.flatMap((run, i) =>
    lines.flatMap((line) => tracesOf(run, line, colours[i], RUN_SHAPES[i], smoothing, end)),
  )
  for (const trace of traces) trace.visible = !hidden.has(trace.meta)
  // The page has a legend of buttons; a picture needs its own.
  const saved = { showlegend: true, margin: { ...layout.margin, t: 50 } }
  return { traces, layout: { ...layout, showlegend: false }, saved }
}

function tracesOf(run, line, colour, shape, smoothing, end) {
  const { x } = run[line]
  const isTraining = line === "training"
  const dots = !isTraining && x.length <= 40
  return ["loss", "accuracy"].flatMap((key, panel) => {
    const raw = run[line][key]
    const common = {
      type: "scatter",
      meta: run.id,
      showlegend: false,
      x,
      xaxis: panel ? "x2" : "x",
      yaxis: panel ? "y2" : "y",
    }
    const shown = {
      ...common,
      uid: `${run.id} ${line} ${key}`,
      name: `${run.letter} ${line}`,
      showlegend: panel === 0,
      y: smoothing > 0 ? smoothed(x, raw, smoothing, end) : raw,
      mode: dots ? "lines+markers" : "lines",
      line: { color: colour, width: 2, dash: isTraining ? "5px,3px" : "solid" },
      marker: { color: colour, size: 7, symbol: shape },
      hovertemplate: panel ? "%{y:.1%}" : "%{y:.3f}",
    }
    if (smoothing === 0) return [shown]
    const faint = {
      ...common,
      uid: `${run.id} ${line} ${key} raw`,
      y: raw,
      mode: "lines",
      line: { color: colour, width: 1 },
      opacity: 0.3,
      hoverinfo: "skip",
    }
    return [faint, shown]
  })
}

// Steps that the whole axis counts as. A weight a step, and not a point, smooths a curve of ten
// epochs no more than one of 150 batches.
const STEPS = 150

/** Exponential moving average, debiased: the first values weigh what they should, not too little. */
function smoothed(x, y, weight, end) {
  let [sum, total, before] = [0, 0, 0]
  return y.map((value, i) => {
    if (value === null) return null
    const kept = weight ** (((x[i] - before) / end) * STEPS)
    sum = sum * kept + value
    total = total * kept + 1
    before = x[i]
    return sum / total
  })
}
