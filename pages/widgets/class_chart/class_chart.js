/** Accuracy of everybody in a class by epoch: a line each, the leader on top and named. */
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root")
  root.classList.toggle("wall", data.wall)
  return drawChart(root, data, classFigure)
}

const WALL = 0.58 // of the screen's height
const LEAST_SHOWN = 0.5 // the axis begins here at most, so that a good class is not one thick line

function classFigure({ lines, height, wall }, root) {
  const { text, muted, grid, paper, font, classes } = theme(root)
  const [size, width] = wall ? [18, 3] : [12, 2]
  const end = Math.max(1, ...lines.map(({ training, validation, planned, active }) => (active ? planned : Math.max(0, ...training.x, ...validation.x))))
  const values = lines.flatMap(({ training, validation }) => [...validation.y, ...training.y.slice(2)]).filter((value) => value !== null)
  const low = values.length ? Math.min(LEAST_SHOWN, ...values) : 0
  // The leader last, so that nothing lies over it.
  const ordered = lines.map((line, i) => ({ ...line, colour: classes[i % classes.length] })).sort((a, b) => a.leads - b.leads)
  const traces = ordered.flatMap((line) => {
    const common = { type: "scatter", name: line.name, hovertemplate: `%{y:.1%} <extra>${escaped(line.name)}</extra>` }
    const strength = line.leads ? { width: 2 * width, opacity: 1 } : { width, opacity: 0.75 }
    return [
      {
        ...common,
        uid: `${line.id} training`,
        x: line.training.x,
        y: line.training.y,
        mode: "lines",
        line: { color: line.colour, width: 1 },
        opacity: line.leads ? 0.6 : 0.3,
        hoverinfo: "skip",
        hovertemplate: undefined,
      },
      {
        ...common,
        uid: `${line.id} validation`,
        x: line.validation.x,
        y: line.validation.y,
        mode: "lines+markers",
        line: { color: line.colour, width: strength.width },
        marker: { color: line.colour, size: line.leads ? 4 * width : 2.5 * width, symbol: line.leads ? "star" : "circle" },
        opacity: strength.opacity,
      },
    ]
  })
  const leader = lines.find(({ leads }) => leads)
  const at = leader?.validation.x.length
  const annotations = at
    ? [
        {
          x: leader.validation.x[at - 1],
          y: leader.validation.y[at - 1],
          text: `<b>${escaped(leader.name)}</b>`,
          showarrow: false,
          xanchor: leader.validation.x[at - 1] > end / 2 ? "right" : "left",
          yanchor: "bottom",
          yshift: 3 * width,
          font: { size: size + 2, color: text },
          bgcolor: paper,
          borderpad: 2,
        },
      ]
    : []
  const axis = (title) => ({
    title: { text: title, font: { size, color: muted }, standoff: 8 },
    tickfont: { size, color: muted },
    gridcolor: grid,
    linecolor: grid,
    zeroline: false,
    automargin: true,
  })
  return {
    traces,
    layout: {
      uirevision: "class",
      width: root.clientWidth,
      height: wall ? WALL * window.innerHeight : height,
      margin: { l: 4 * size, r: size, t: size, b: 3.5 * size },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: font, size, color: text },
      dragmode: false,
      hovermode: "closest",
      hoverlabel: { bgcolor: paper, bordercolor: grid, font: { family: font, size, color: text } },
      showlegend: false,
      xaxis: { ...axis("epochs"), range: [-0.02 * end, 1.02 * end], nticks: 8 },
      yaxis: { ...axis("accuracy"), range: [Math.max(0, low - 0.02), 1], tickformat: "~%" },
      annotations,
    },
  }
}

/** Plotly reads names as a little HTML; a nickname is none. */
function escaped(name) {
  return name.replace(/[&<>]/g, (each) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[each])
}
