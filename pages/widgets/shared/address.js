/**
 * Where the app is. Its host may serve it below a path (https://host/atelier/): nothing here begins
 * at the host's root. A page's address is the app's plus one segment (/atelier/train), which
 * resolving drops.
 */

/** Returns the address of a file of the app, named as the server names it, such as /media/x.webp. */
const inApp = (path) => new URL(path.replace(/^\//, ""), document.baseURI).href

/**
 * Returns what all of the app's cookies end in: for this app alone, and over HTTPS where it came so.
 * In the frame of another site, browsers keep only a cookie that is for that site's frames alone.
 */
function cookieEnd(maxAge) {
  const end = `; path=${new URL(inApp(".")).pathname}; max-age=${maxAge}`
  if (window.location.protocol !== "https:") return `${end}; SameSite=Lax`
  return `${end}; Secure; ${window.self === window.top ? "SameSite=Lax" : "SameSite=None; Partitioned"}`
}
