/** A chart of any figure that Plotly's basic bundle can draw, in the theme's fonts and colours. */
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root")
  const destroy = drawChart(root, data, themed)
  const plot = root.firstElementChild
  plot.setAttribute("role", "figure")
  plot.ariaLabel = data.label
  return destroy
}

function themed({ figure, height }, root) {
  const colours = theme(root)
  const { data, layout } = colours.dark ? onDark(figure) : figure
  return {
    traces: data,
    layout: { ...layout, template: template(colours), uirevision: "keep", width: root.clientWidth, height },
  }
}

/** What a figure does not say itself; https://plotly.com/javascript/layout-template/ */
function template({ text, muted, grid, paper, classes, font }) {
  const axis = {
    title: { font: { size: 12, color: muted }, standoff: 8 },
    tickfont: { size: 11, color: muted },
    ticklabelstandoff: 4,
    gridcolor: grid,
    linecolor: grid,
    zerolinecolor: grid,
    zeroline: false,
    fixedrange: true, // a finger or a wheel scrolls the page
    automargin: true,
  }
  return {
    layout: {
      margin: { l: 8, r: 8, t: 12, b: 8 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      colorway: classes,
      font: { family: font, size: 12, color: text },
      dragmode: false,
      hoverlabel: { bgcolor: paper, bordercolor: grid, font: { family: font, size: 12, color: text } },
      legend: {
        orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom",
        font: { size: 11, color: text }, bgcolor: "rgba(0,0,0,0)",
      },
      xaxis: axis,
      yaxis: axis,
    },
  }
}

/** A figure with each of the palette's colours in its counterpart for a dark page. */
function onDark(value) {
  if (Array.isArray(value)) return value.map(onDark)
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, onDark(each)]))
  }
  return COUNTERPARTS.get(value) ?? value
}

const COUNTERPARTS = new Map(
  Object.keys(PALETTE.light).flatMap((name) => {
    const [light, dark] = [PALETTE.light[name], PALETTE.dark[name]]
    return Array.isArray(light) ? light.map((each, i) => [each, dark[i]]) : [[light, dark]]
  }),
)
