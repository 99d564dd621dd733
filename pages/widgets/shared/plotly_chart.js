/**
 * What every chart shares. Plotly draws into one node that is never replaced: an update changes its
 * lines, and a person's zoom and hover stay. Under it are two buttons that save it as a picture.
 */

const charts = new WeakMap()
const PURGE_AFTER = 5000 // ms
const SAVED_WIDTH = 800 // pixels at least, also from a phone

/**
 * Draws a chart into an element, or draws the one that is there anew; returns what takes it away.
 * `figure(data, element)` makes {traces, layout} of the data; it is called again at every resize.
 * `data.height` is that of one panel in pixels, `data.name` the name of the saved file.
 */
function drawChart(element, data, figure) {
  const chart = charts.get(element) ?? newChart(element)
  Object.assign(chart, { data, figure })
  element.style.setProperty("--panel-height", `${data.height}px`)
  chart.draw()
  return chart.destroy
}

function newChart(root) {
  root.classList.add("chart")
  root.innerHTML = '<div class="plot"></div><p class="note" role="status"></p>'
  const [plot, note] = root.children
  const chart = { draw: () => {} }

  // A finger scrolls the page: Plotly would take every touch for a drag. A tap still shows values,
  // because the browser makes mouse events of it.
  plot.addEventListener("touchstart", (event) => event.stopPropagation(), { capture: true, passive: true })

  const resizing = new ResizeObserver(() => chart.draw())
  chart.destroy = () => {
    resizing.disconnect()
    chart.draw = () => {}
    charts.delete(root)
    // Not under a drawing that is still under way, which would then look for what is gone. Plotly
    // draws margins anew after it says that it is done, so some time is left for that.
    const purge = () => window.atelierPlotly?.then((Plotly) => Plotly.purge(plot), () => {})
    const later = () => setTimeout(purge, PURGE_AFTER)
    Promise.resolve(chart.drawing).then(later, later)
  }
  charts.set(root, chart)

  root.classList.add("loading")
  loadPlotly().then(
    (Plotly) => {
      if (!charts.has(root)) return // unmounted in the meantime
      adoptPlotlyStyles(root.getRootNode())
      const config = newConfig() // one object: Plotly starts anew at any other
      chart.draw = () => {
        if (root.clientWidth === 0) return // in a closed tab or expander
        const { traces, layout } = chart.figure(chart.data, root)
        chart.drawing = Plotly.react(plot, traces, layout, config)
      }
      chart.draw()
      root.append(newSaveButtons("the chart", (format) => saveChart(Plotly, chart, plot, format)))
      root.classList.remove("loading")
      resizing.observe(root)
    },
    () => {
      root.classList.remove("loading")
      note.textContent = "The chart could not be loaded. Reload the page to try again."
    },
  )
  return chart
}

/** Loads the library once a page, however many charts there are. */
function loadPlotly() {
  window.atelierPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = inApp("app/static/vendor/plotly-basic.min.js")
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject(new Error("no Plotly")))
    script.onerror = () => {
      window.atelierPlotly = undefined // the next chart tries again
      script.remove()
      reject(new Error("not loaded"))
    }
    document.head.append(script)
  })
  return window.atelierPlotly
}

/** Plotly writes its styles into the document's head, from where they do not reach a shadow root. */
function adoptPlotlyStyles(shadowRoot) {
  const style = /** @type {HTMLStyleElement} */ (document.getElementById("plotly.js-style-global"))
  const rules = style?.sheet?.cssRules ?? []
  const sheet = new CSSStyleSheet()
  sheet.replaceSync([...rules].map((rule) => rule.cssText).join("\n"))
  shadowRoot.adoptedStyleSheets = [sheet]
}

// No zoom by drag and no mode bar where there is no mouse.
const TOUCH = window.matchMedia("(pointer: coarse)").matches

function newConfig() {
  return {
    displaylogo: false,
    displayModeBar: TOUCH ? false : "hover",
    modeBarButtons: [["resetScale2d"]],
    doubleClick: "reset",
    showAxisDragHandles: false,
  }
}

/** Saves a chart as the person sees it, zoom and hidden lines too; `saved` of its figure is added. */
function saveChart(Plotly, chart, plot, format) {
  const { data, layout } = plot
  const root = plot.parentElement
  const { saved } = chart.figure(chart.data, root)
  // On the page's colour: dark mode's light text would be lost on a transparent picture.
  const picture = { data, layout: { ...layout, ...saved, paper_bgcolor: theme(root).paper } }
  const width = Math.max(layout.width, SAVED_WIDTH)
  Plotly.downloadImage(picture, { format, filename: chart.data.name, width, height: layout.height, scale: format === "png" ? 2 : 1 })
}

const EXPLODED = 50 // nats; guessing one of ten costs 2.3

/** What the axis of a loss needs besides, if its highest value has exploded: 2.3 and a million fit. */
function lossAxis(highest) {
  return highest > EXPLODED ? { type: "log", tickformat: "~s", rangemode: "normal" } : {}
}

/**
 * Loss and accuracy side by side, one above the other under 480 pixels, over one common x axis.
 *
 * - height: of one panel, axis titles included
 * - end: of the x axis, which is called `title`; `hover` is what the hover box is headed with
 * - empty: before the first point
 * - highest: the highest loss drawn; one that explodes needs a logarithmic axis
 * - revision: a person's zoom lasts until it changes
 * - top: pixels above the panels, for Plotly's own legend where there is one
 */
function twoPanels(root, { height, end, title, hover, empty, highest = 0, revision, top }) {
  const { text, muted, grid, paper, font } = theme(root)
  const width = root.clientWidth
  const stacked = width < 480

  // Before the first point, axes such as the points will need; Plotly's own would be -100 % to 400 %.
  const first = (range) => (empty ? { range } : {})

  const margin = { l: 46, r: 8, t: top, b: 42 }
  const totalHeight = stacked ? 2 * height : height
  // Lengths in pixels as shares of the plot area, which is what Plotly's domains are.
  const gapX = 64 / (width - margin.l - margin.r)
  const gapY = 56 / (totalHeight - margin.t - margin.b)

  const axis = (title) => ({
    title: { text: title, font: { size: 12, color: muted }, standoff: 6 },
    tickfont: { size: 11, color: muted },
    gridcolor: grid,
    linecolor: grid,
    zeroline: false,
    automargin: false,
  })
  const across = () => ({
    ...axis(title),
    range: [-0.02 * end, 1.02 * end], // Plotly changes this array, so each axis has its own
    nticks: 7,
    unifiedhovertitle: { text: hover },
    spikecolor: muted,
    spikethickness: 1,
  })
  return {
    uirevision: revision,
    width,
    height: totalHeight,
    margin,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: font, size: 12, color: text },
    dragmode: TOUCH ? false : "zoom",
    hovermode: "x unified",
    hoverlabel: { bgcolor: paper, bordercolor: grid, font: { family: font, size: 12, color: text } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: muted, activecolor: text },
    legend: {
      orientation: "h", x: 0, xref: "container", xanchor: "left", y: 1, yref: "container", yanchor: "top",
      font: { size: 11, color: text }, bgcolor: "rgba(0,0,0,0)",
    },
    xaxis: { ...across(), domain: stacked ? [0, 1] : [0, 0.5 - gapX / 2], anchor: "y" },
    yaxis: { ...axis("loss"), domain: stacked ? [0.5 + gapY / 2, 1] : [0, 1], rangemode: "tozero", ...first([0, 2.5]), ...lossAxis(highest) },
    xaxis2: { ...across(), domain: stacked ? [0, 1] : [0.5 + gapX / 2, 1], anchor: "y2", matches: "x" },
    yaxis2: {
      ...axis("accuracy"), domain: stacked ? [0, 0.5 - gapY / 2] : [0, 1], anchor: "x2", tickformat: "~%",
      ...first([0, 1]),
      // 100 % is always in sight, so the axis stays calm; nothing is below 0.
      autorangeoptions: { include: 1, clipmin: 0 },
    },
  }
}
