/** Copies the page's address; where the browser refuses, shows it, selected and ready to copy. */
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root")
  const button = root.querySelector("button") ?? newCopyButton(root)
  button.title = data.help
}

const SAID_FOR = 2500 // ms

function newCopyButton(root) {
  root.innerHTML = `
    <button type="button">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2"/></svg>
      <span aria-live="polite">Copy link</span>
    </button>
    <input readonly hidden aria-label="Link to this view" />`
  const button = root.querySelector("button")
  const said = root.querySelector("span")
  const field = root.querySelector("input")
  let timer = 0
  const say = (words) => {
    clearTimeout(timer)
    said.textContent = words
    timer = setTimeout(() => (said.textContent = "Copy link"), SAID_FOR)
  }
  button.onclick = async () => {
    field.hidden = true
    if (await copyAddress(field)) say("Copied")
    else say("Copy it from here")
  }
  return button
}

/** Returns whether the address is on the clipboard; if not, `field` shows it, selected. */
async function copyAddress(field) {
  const link = window.location.href
  try {
    // Not there on plain http other than localhost; may be forbidden, in a frame for example.
    await navigator.clipboard.writeText(link)
    return true
  } catch {
    field.value = link
    field.hidden = false
    field.focus()
    field.select()
    const copied = document.execCommand("copy")
    field.hidden = copied
    return copied
  }
}
