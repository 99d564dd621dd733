/**
 * Keeps the visitor's id in a cookie and in localStorage. Where one of them is missing, the other
 * restores it; where the server did not know the id that is kept, the state "id" tells it. Where
 * the visitor starts afresh, the id of before is replaced, and the page is loaded anew.
 */
export default function ({ data: { name, id, told, maxAge, afresh }, setStateValue }) {
  if (afresh) {
    writeCookie(name, id, maxAge)
    writeStorage(name, id)
    location.replace(location.pathname)
    return
  }
  // The cookie first: another tab may have written it since this page was loaded.
  const kept = valid(readCookie(name)) ?? valid(readStorage(name))
  const known = kept ?? id
  if (valid(readCookie(name)) !== known) writeCookie(name, known, maxAge)
  if (readStorage(name) !== known) writeStorage(name, known)
  if (known !== id && known !== told) setStateValue("id", known) // once: telling causes a rerun
}

const valid = (value) => (/^[0-9a-f]{32}$/.test(value ?? "") ? value : undefined)

function readCookie(name) {
  return attempt(() => document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`))?.[1])
}

function writeCookie(name, id, maxAge) {
  attempt(() => (document.cookie = `${name}=${id}${cookieEnd(maxAge)}`))
}

function readStorage(name) {
  return attempt(() => localStorage.getItem(name))
}

function writeStorage(name, id) {
  attempt(() => localStorage.setItem(name, id))
}

/** Storage may be forbidden (a private window, a foreign frame): the session then remembers alone. */
function attempt(action) {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
  }
}
