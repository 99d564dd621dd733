/** Says below a file uploader in words why files did not arrive; Streamlit shows a red mark alone. */
export default function ({ data, parentElement }) {
  const { uploader, kept } = data
  const root = parentElement.querySelector(".root")
  root.setAttribute("role", "alert")
  const area = root.getRootNode().host.closest('[data-testid="stVerticalBlock"]')
  const look = () => {
    const present = area.querySelector(`.st-key-${uploader}`)
    const chips = [...(present?.querySelectorAll('[data-testid="stFileChip"]') ?? [])]
    if (chips.length || (present && root.refused?.uploader === uploader)) {
      root.refused = { uploader, words: refusals(chips, data) }
    }
    // Of an uploader that was emptied by putting another one in its place, the words stay.
    const said = root.refused?.uploader === uploader || kept ? (root.refused?.words ?? "") : ""
    if (root.textContent !== said) root.textContent = said
  }
  const watch = new MutationObserver(look)
  watch.observe(area, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-invalid"] })
  look()
  return () => watch.disconnect()
}

/** Returns one sentence for each reason, with the names of its files. */
function refusals(chips, { words, other }) {
  const names = new Map()
  for (const chip of chips) {
    const refused = /AxiosError(?:.*code (\d+))?/.exec(chip.textContent)
    if (!refused) continue // it arrived, or has words of Streamlit's own: too large, or of another kind
    const reason = words[refused[1]] ?? other
    names.set(reason, [...(names.get(reason) ?? []), named(chip.getAttribute("aria-label"))])
  }
  return [...names].map(([reason, files]) => reason.replace("{files}", () => listed(files))).join("\n")
}

/** Returns a file's name with its size in brackets, of "photo.jpg, 3.0MB". */
const named = (label) => label.replace(/, ([\d.]+)([A-Z]+)$/, " ($1 $2)")

/** Two names at most: a folder may have hundreds. */
function listed(files) {
  return files.length < 3 ? files.join(" and ") : `${files[0]} and ${files.length - 1} more`
}
