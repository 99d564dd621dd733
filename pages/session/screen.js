/** Tells the server the size of the window: at once where it has taken another, and when it changes. */
const LIMITS = { phone: "(max-width: 639.9px)", tablet: "(max-width: 1099.9px)" }

export default function ({ data, setStateValue }) {
  const report = () => {
    const size = Object.keys(LIMITS).find((name) => matchMedia(LIMITS[name]).matches) ?? "desktop"
    try {
      document.cookie = `${data.cookie}=${size}${cookieEnd(31536000)}`
    } catch (error) {
      if (!(error instanceof DOMException)) throw error // cookies may be forbidden: the session remembers
    }
    if (size !== data.size) setStateValue("size", size)
  }
  const queries = Object.values(LIMITS).map((limit) => matchMedia(limit))
  for (const query of queries) query.addEventListener("change", report)
  report()
  return () => {
    for (const query of queries) query.removeEventListener("change", report)
  }
}
