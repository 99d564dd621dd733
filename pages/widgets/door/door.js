/** Sends a form to an address of the server, once: the answer sets a cookie and opens a page. */
export default function ({ data: { path }, parentElement }) {
  const root = parentElement.querySelector(".root")
  if (root.dataset.sent === path) return
  root.dataset.sent = path
  const form = document.createElement("form")
  form.method = "post"
  form.action = inApp(path)
  document.body.append(form)
  form.submit()
  form.remove()
}
