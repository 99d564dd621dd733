/** Writes the visitor's id into a cookie, unless a valid one is there already (another tab's). */
export default function ({ data: { cookie, id, maxAge } }) {
  if (new RegExp(`(?:^|; )${cookie}=[0-9a-f]{32}(?:;|$)`).test(document.cookie)) return
  const secure = location.protocol === "https:" ? "; Secure" : ""
  document.cookie = `${cookie}=${id}; path=/; max-age=${maxAge}; SameSite=Lax${secure}`
}
