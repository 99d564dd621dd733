/** Loss and accuracy of a run while it is trained. */
export default function ({ data, parentElement }) {
  return drawChart(parentElement.querySelector(".root"), data, figure)
}

function figure({ curves, height }, root) {
  const layout = twoPanels(root, {
    height,
    end: Math.max(curves.epochs, ...curves.batch.x.slice(-1), ...curves.epoch.x.slice(-1)),
    title: "epoch",
    hover: "epoch %{x:.2~f}",
    empty: !drawn(curves).length,
    highest: Math.max(0, ...drawn(curves)),
    revision: curves.run,
    top: 34,
  })
  return { traces: traces(curves, root), layout }
}

/** The losses that can be drawn; one that is no number any more is null. */
function drawn({ batch, epoch }) {
  return [...batch.loss, ...epoch.loss, ...epoch.val_loss].filter((loss) => loss !== null)
}

function traces(curves, root) {
  const { batch, epoch } = curves
  const [trainColour, validationColour] = theme(root).classes
  const lines = [
    {
      name: "batches", of: batch, keys: ["loss", "accuracy"],
      mode: batch.x.length < 10 ? "lines+markers" : "lines", // one point alone has no line
      line: { color: trainColour, width: 1 }, marker: { size: 5 }, opacity: 0.5,
    },
    {
      name: "training", of: epoch, keys: ["loss", "accuracy"], mode: "lines+markers",
      line: { color: trainColour, width: 2 }, marker: { size: 5 },
    },
    {
      name: "validation", of: epoch, keys: ["val_loss", "val_accuracy"], mode: "lines+markers",
      line: { color: validationColour, width: 2 }, marker: { size: 5, symbol: "diamond" },
    },
  ]

  return lines.flatMap(({ of, keys, ...line }) =>
    keys.map((key, panel) => ({
      ...line,
      type: "scatter",
      uid: `${line.name} ${key}`, // so that a line keeps what a person did to it (hidden, shown)
      x: of.x,
      y: of[key],
      xaxis: panel ? "x2" : "x",
      yaxis: panel ? "y2" : "y",
      legendgroup: line.name,
      showlegend: panel === 0,
      hovertemplate: panel ? "%{y:.1%}" : "%{y:.3f}",
    })),
  )
}
