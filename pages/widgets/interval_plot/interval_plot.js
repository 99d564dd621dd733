/** One line a run on an axis that several plots may share: a dot at its accuracy, and a bar over its interval. */
export default function ({ data, parentElement }) {
  const { label, rows, axis: [low, high] } = data
  const root = parentElement.querySelector(".root")
  root.setAttribute("role", "list")
  root.ariaLabel = label
  const colours = runColours(root)
  const room = Math.max((high - low) * 0.06, 1e-4)
  const place = (share) => `${((share - low + room) / (high - low + 2 * room)) * 100}%`

  root.replaceChildren(
    ...rows.map((row) => {
      const line = document.createElement("div")
      line.setAttribute("role", "listitem")
      const track = document.createElement("span")
      track.className = "track"
      track.innerHTML = '<span class="bar"></span><span class="dot"></span>'
      track.style.setProperty("--low", place(row.low))
      track.style.setProperty("--high", place(row.high))
      track.style.setProperty("--at", place(row.at))
      track.style.setProperty("--colour", colours[row.place])
      const words = document.createElement("span")
      words.className = "words"
      words.textContent = row.words
      line.append(runMark(row.letter, colours[row.place]), track, words)
      return line
    }),
  )
}
